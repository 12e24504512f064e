import { type BarGroup, barChart, type ChartOptions, dotChart, legend } from './charts.js';

/** A part of a report. */
export type Section =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [name: string, value: string])[] }
  | {
      readonly kind: 'table';
      readonly caption: string;
      readonly header: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | ({ readonly kind: 'bars'; readonly groups: readonly BarGroup[] } & ChartOptions)
  | ({
      readonly kind: 'dots';
      readonly points: readonly { readonly name: string; readonly value: number }[];
    } & ChartOptions);

/** A report before it is HTML: titled chapters of sections. */
export interface ReportDocument {
  readonly title: string;
  readonly chapters: readonly { readonly title: string; readonly sections: readonly Section[] }[];
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #8884; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #8883; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; } dt { font-weight: 600; } dd { margin: 0; }
svg { max-width: 100%; height: auto; } .swatch { display: inline-block; width: .8em; height: .8em; margin-right: .3em; }
.key { margin-right: 1.2em; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } figure, table { break-inside: avoid; } }`;

/** One self-contained HTML page: no scripts, no outside resources. */
export function renderHtml(report: ReportDocument): string {
  const chapters = report.chapters.map(
    ({ title, sections }) =>
      `<section><h2>${escapeHtml(title)}</h2>\n${sections.map(renderSection).join('\n')}</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(report.title)}</h1>
${chapters.join('\n')}
</main></body></html>
`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function renderSection(section: Section): string {
  switch (section.kind) {
    case 'text':
      return `<p>${escapeHtml(section.text)}</p>`;
    case 'facts':
      return `<dl>${section.facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`;
    case 'table':
      return renderTable(section.caption, section.header, section.rows);
    case 'bars': {
      const series = [...new Set(section.groups.flatMap((group) => Object.keys(group.values)))];
      return `<figure>${legend(series, escapeHtml)}${barChart(section.groups, section)}<figcaption>${escapeHtml(section.description)}</figcaption></figure>`;
    }
    case 'dots':
      return `<figure>${dotChart(section.points, section)}<figcaption>${escapeHtml(section.description)}</figcaption></figure>`;
  }
}

function renderTable(
  caption: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const numeric = header.map(
    (_, column) => rows.length > 0 && rows.every((row) => /^[-+]?[0-9]|^$/.test(row[column] ?? '')),
  );
  const cell = (tag: string, text: string, column: number): string =>
    `<${tag}${numeric[column] ? ' class="number"' : ''}${tag === 'th' ? ' scope="col"' : ''}>${escapeHtml(text)}</${tag.slice(0, 2)}>`;
  const head = header.map((text, column) => cell('th', text, column)).join('');
  const body = rows
    .map((row) => `<tr>${row.map((text, column) => cell('td', text, column)).join('')}</tr>`)
    .join('\n');
  return `<table><caption>${escapeHtml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}
