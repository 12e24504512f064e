import type { SegmentFigures } from '@octavo/evaluation';
import { type BarGroup, barChart } from './bar-chart.js';
import { comparisonHeader, comparisonSections } from './comparison-rows.js';
import { type DemoReport, isMeasured } from './demo-report.js';
import { escapeHtml } from './escape-html.js';
import { duration, kilobytes, nodeCounts, percent } from './figures.js';
import { reportStyle } from './report-style.js';
import { scatterChart } from './scatter-chart.js';
import { ratio } from './text-report.js';

/** The report as one HTML page that loads nothing from elsewhere. */
export function formatHtmlReport(report: DemoReport): string {
  const { machine } = report;
  const where = `${machine.cpu}, ${machine.platform}, Node ${machine.node}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Property valuation in INT8</title>
<style>${reportStyle}</style>
</head>
<body>
<h1>Property valuation in INT8</h1>
<p>Calibrated on ${report.calibrationSamples} sales (observer ${escapeHtml(report.observer)}), validated on
${report.evaluation.overall.count} others. Measured on ${escapeHtml(where)}.</p>
${summary(report)}
<h2>Error by part of the market</h2>
<p>Mean absolute percentage error against the price paid.<span class="key float"></span>float
<span class="key int8"></span>INT8</p>
<div class="charts">${report.evaluation.segments.map(segmentChart).join('\n')}</div>
<h2>The same in numbers</h2>
${comparisonTable(report)}
<h2>Valuations</h2>
<div class="charts">
${figure('INT8 valuations against prices paid', scatterChart(report.valuations))}
<div>${agreement(report)}</div>
</div>
<h2>Size and latency</h2>
<div class="charts">
${figure('File size', barChart('File size', sizeGroups(report)))}
${figure('Median time of one valuation', barChart('Median time of one valuation', latencyGroups(report)))}
</div>
${latencyNotes(report)}
<h2>Where the INT8 model runs</h2>
${placements(report)}
</body>
</html>
`;
}

function summary(report: DemoReport): string {
  const { value, original } = report.evaluation.overall;
  const cards: readonly (readonly [string, string])[] = [
    [percent(value), `MAPE in INT8, ${original ? percent(original.value) : 'unknown'} in float`],
    [original ? percent(original.retention) : 'unknown', 'accuracy retained'],
    [ratio(report), `smaller: ${kilobytes(report.sizes.float)} to ${kilobytes(report.sizes.int8)}`],
    [percent(report.agreement.mean), 'mean difference between the two valuations'],
  ];
  const drawn = cards.map(([figureText, meaning]) => `<div><strong>${figureText}</strong>${meaning}</div>`);
  return `<div class="summary">${drawn.join('')}</div>`;
}

function figure(caption: string, chart: string): string {
  return `<figure><figcaption>${escapeHtml(caption)}</figcaption>${chart}</figure>`;
}

function segmentChart({ by, segments }: SegmentFigures): string {
  const groups = segments.map(({ name, value, original }): BarGroup => {
    const int8 = { variant: 'int8', value, label: percent(value) } as const;
    return original
      ? { name, bars: [{ variant: 'float', value: original.value, label: percent(original.value) }, int8] }
      : { name, bars: [int8] };
  });
  return figure(`By ${by.replaceAll('_', ' ')}`, barChart(`Error by ${by}`, groups));
}

function comparisonTable({ evaluation }: DemoReport): string {
  const header = ['', ...comparisonHeader].map((title) => `<th>${title}</th>`).join('');
  const body = comparisonSections(evaluation).map(({ title, rows }) => {
    const heading =
      title === 'all'
        ? ''
        : `<tr><th colspan="${comparisonHeader.length + 1}">${escapeHtml(title.replaceAll('_', ' '))}</th></tr>`;
    return heading + rows.map(({ name, cells }) => tableRow([name, ...cells])).join('');
  });
  return `<table><thead><tr>${header}</tr></thead><tbody>${body.join('\n')}</tbody></table>`;
}

function tableRow(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
}

function agreement({ agreement: { mean, p95, largest, sqnr } }: DemoReport): string {
  const rows = [
    ['mean difference between INT8 and float', percent(mean)],
    ['95% of the sales differ by less than', percent(p95)],
    ['largest difference', percent(largest)],
    ['signal to quantization noise of ln(price)', `${sqnr.toFixed(1)} dB`],
  ];
  return `<table><tbody>${rows.map(tableRow).join('')}</tbody></table>`;
}

function sizeGroups({ sizes }: DemoReport): readonly BarGroup[] {
  return (['float', 'int8'] as const).map((variant) => ({
    name: variant,
    bars: [{ variant, value: sizes[variant], label: kilobytes(sizes[variant]) }],
  }));
}

function latencyGroups({ latencies }: DemoReport): readonly BarGroup[] {
  const measured = latencies.filter(isMeasured);
  return [...new Set(measured.map(({ backend }) => backend))].map((backend) => ({
    name: backend,
    bars: measured
      .filter((entry) => entry.backend === backend)
      .map(({ model, median }) => ({ variant: model, value: median, label: duration(median) })),
  }));
}

function latencyNotes({ latencies }: DemoReport): string {
  const rows = latencies.map((entry) =>
    isMeasured(entry)
      ? tableRow([entry.backend, entry.model, nodeCounts(entry.nodes)])
      : tableRow([entry.backend, entry.unavailable]),
  );
  const header = ['backend', 'model', 'nodes by what runs them'].map((title) => `<th>${title}</th>`).join('');
  return `<table class="words"><thead><tr>${header}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function placements({ placements: nodes, stayedFloat }: DemoReport): string {
  const rows = nodes.map(({ node, op, dtype, backend, kernel }) =>
    tableRow([node, op, dtype, backend, kernel]),
  );
  const floats = stayedFloat.map(
    ({ node, because }) => `<p>${escapeHtml(`${node} stayed float: ${because}`)}</p>`,
  );
  const header = ['node', 'op', 'type', 'backend', 'kernel'].map((title) => `<th>${title}</th>`).join('');
  return `<table class="words"><thead><tr>${header}</tr></thead><tbody>${rows.join('')}</tbody></table>${floats.join('')}`;
}
