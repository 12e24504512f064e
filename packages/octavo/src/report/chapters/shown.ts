import type { Section } from '@octavo/evaluation/report';

/** Says what a chart or table leaves out. */
export function leftOut(what: string, all: number, shown: number): Section[] {
  if (all <= shown) return [];
  return [{ kind: 'text', text: `The first ${shown} of ${all} ${what} are shown; report.json has all.` }];
}
