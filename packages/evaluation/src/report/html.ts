import { escapeHtml } from './escape-html.js';
import { renderSection, type Section } from './sections.js';

/** One titled part of a report. */
export interface Chapter {
  readonly title: string;
  readonly sections: readonly Section[];
}

/** A report before it is HTML: titled chapters of sections. */
export interface ReportDocument {
  readonly title: string;
  readonly chapters: readonly Chapter[];
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
p, h1, h2, dd, figcaption { overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #8884; }
.scroll { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #8883; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } td.number { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; } dt { font-weight: 600; }
dd { margin: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; }
figure { margin: 1rem 0; } figcaption { font-size: .9rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0 1.2rem; }
svg { max-width: 100%; height: auto; } .swatch { display: inline-block; width: .8em; height: .8em; margin-right: .3em; }
.key { margin-right: 1.2em; }
@media print {
  body { margin: 0; max-width: none; font-size: 10pt; } nav { display: none; } h2 { break-after: avoid; }
  .swatch, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  figure, tr { break-inside: avoid; } thead { display: table-header-group; }
  .scroll { overflow: visible; } th, td, td.number { overflow-wrap: anywhere; white-space: normal; padding: .15rem .4rem; }
}`;

/** One self-contained HTML page: no scripts, no outside resources. */
export function renderHtml({ title, chapters }: ReportDocument): string {
  const links = chapters.map(
    (chapter, i) => `<li><a href="#part-${i + 1}">${escapeHtml(chapter.title)}</a></li>`,
  );
  const parts = chapters.map(
    (chapter, i) =>
      `<section aria-labelledby="part-${i + 1}"><h2 id="part-${i + 1}">${escapeHtml(chapter.title)}</h2>\n` +
      `${chapter.sections.map(renderSection).join('\n')}</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1>
<nav aria-label="Contents"><ul>${links.join('')}</ul></nav>
${parts.join('\n')}
</main></body></html>
`;
}
