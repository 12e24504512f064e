import type { Chapter } from '@octavo/evaluation/report';
import type { MeasuredModels } from '../measured.js';
import { accuracyChapters } from './accuracy.js';
import { distributionChapters } from './distributions.js';
import { edgeCaseChapters } from './edge-cases.js';
import { layerChapters } from './layers.js';
import { performanceChapters } from './performance.js';

/** Parts of what was measured; those that have nothing to show give none. */
const CHAPTERS: readonly ((measured: MeasuredModels) => readonly Chapter[])[] = [
  accuracyChapters,
  performanceChapters,
  layerChapters,
  distributionChapters,
  edgeCaseChapters,
];

/** What was measured of two models, chapter by chapter. */
export function measuredChapters(measured: MeasuredModels): Chapter[] {
  return CHAPTERS.flatMap((chaptersOf) => chaptersOf(measured));
}
