import type { Evaluation, Figure } from '../evaluate.js';
import { figureText, number, percent } from '../figure-text.js';
import type { PerformanceComparison } from '../performance.js';
import type { GateResult } from './gate.js';
import type { CheckReport } from './report.js';
import { stabilityRows } from './stability-rows.js';

const MARKS: Readonly<Record<GateResult['status'], string>> = { failed: '❌', passed: '✅', skipped: '➖' };

/** Most segments that are listed; the worst come first. */
const SHOWN_SEGMENTS = 12;

/** A check for people, in the Markdown of pull requests. */
export function checkMarkdown(report: CheckReport): string {
  const { verdict, gates } = report;
  const counts = (['passed', 'failed', 'skipped'] as const).map(
    (status) => `${gates.filter((gate) => gate.status === status).length} ${status}`,
  );
  const sorted = [...gates].sort((a, b) => order(a) - order(b));
  return `${[
    `## ${verdict === 'ready' ? '✅ Ready' : '❌ Not ready'}: ${code(report.model)}`,
    `Against ${code(report.against)} on ${report.samples} samples; limits: ${counts.join(', ')}.`,
    table(
      ['', 'group', 'limit', 'result'],
      sorted.map((g) => [MARKS[g.status], g.group, g.name, g.because]),
    ),
    '### Accuracy',
    accuracyTable([...report.evaluations, ...report.fidelity]),
    '### Size and speed',
    performanceTable(report.performance),
    '### Numerical stability',
    table(['', 'worst', 'figure'], stabilityRows(report.stability)),
    ...segmentTables(report.evaluations),
  ].join('\n\n')}\n`;
}

function order({ status }: GateResult): number {
  return status === 'failed' ? 0 : status === 'passed' ? 1 : 2;
}

function accuracyTable(evaluations: readonly Evaluation[]): string {
  const rows = evaluations.map(({ metric, unit, overall }) => [metric, ...figureCells(overall, unit)]);
  return table(['metric', 'quantized', 'original', 'retention', '95% interval of the drop'], rows);
}

function figureCells({ value, original }: Figure, unit: Evaluation['unit']): string[] {
  const { low, high } = original?.interval ?? { low: 0, high: 0 };
  return [
    figureText(value, unit),
    original ? figureText(original.value, unit) : '',
    original ? percent(original.retention) : '',
    original ? `${percent(low)} .. ${percent(high)}` : '',
  ];
}

function segmentTables(evaluations: readonly Evaluation[]): string[] {
  const [first] = evaluations;
  return (first?.segments ?? []).flatMap(({ by, segments }) => {
    const worst = [...segments].sort((a, b) => (b.original?.drop ?? 0) - (a.original?.drop ?? 0));
    const rows = worst
      .slice(0, SHOWN_SEGMENTS)
      .map((each) => [each.name, String(each.count), ...figureCells(each, first?.unit ?? '')]);
    const header = [
      by,
      'samples',
      `${first?.metric} quantized`,
      'original',
      'retention',
      '95% interval of the drop',
    ];
    const title = `<summary>${first?.metric} by ${escapeHtml(by)}, largest drop first</summary>`;
    return [`<details>${title}\n\n${table(header, rows)}\n\n</details>`];
  });
}

function performanceTable({ quantized, original }: PerformanceComparison): string {
  const row = (name: string, unit: string, own: number | null, other: number | null): string[] => {
    const show = (value: number | null): string =>
      value === null ? 'not measured' : `${number(value)}${unit}`;
    const ratio = own === null || other === null ? '' : `${(own / other).toFixed(2)}x`;
    return [name, show(own), show(other), ratio];
  };
  return table(
    ['', 'quantized', 'original', 'ratio'],
    [
      row('size', ' bytes', quantized.bytes, original.bytes),
      row('latency, median', ' ms', quantized.latency.median, original.latency.median),
      row('latency, 95th percentile', ' ms', quantized.latency.p95, original.latency.p95),
      row('throughput', ' /s', quantized.latency.throughput, original.latency.throughput),
      row('peak memory', ' bytes', quantized.peakMemory, original.peakMemory),
    ],
  );
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Text from files cannot end a cell, nor be markup. */
function escapeCell(text: string): string {
  return escapeHtml(text).replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}
