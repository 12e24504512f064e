import { comparisonHeader, comparisonSections } from './comparison-rows.js';
import { type DemoReport, isMeasured, type LatencyEntry } from './demo-report.js';
import { duration, kilobytes, nodeCounts, percent, sizeRatio } from './figures.js';

/** The report as text for a terminal. */
export function formatTextReport(report: DemoReport): string {
  return [
    'Accuracy on the validation sales: mean absolute percentage error (MAPE) against the price paid',
    table(comparisonTable(report)),
    agreementLine(report),
    `Size: float ${kilobytes(report.sizes.float)}, INT8 ${kilobytes(report.sizes.int8)} (${sizeRatio(report.sizes)} smaller)`,
    'Latency of one valuation',
    table([['backend', 'model', 'median', '95th percentile', 'nodes'], ...report.latencies.map(latencyRow)]),
    'Where the INT8 model runs',
    table(
      report.placements.map(({ node, op, dtype, backend, kernel }) => [node, op, dtype, backend, kernel]),
    ),
  ].join('\n\n');
}

function comparisonTable({ evaluation }: DemoReport): readonly (readonly string[])[] {
  const rows = comparisonSections(evaluation).flatMap(({ title, rows: own }) =>
    own.map(({ name, cells }) => [title === 'all' ? name : `${title}: ${name}`, ...cells]),
  );
  return [['', ...comparisonHeader], ...rows];
}

function agreementLine({ agreement }: DemoReport): string {
  const { mean, p95, largest, sqnr } = agreement;
  return (
    `INT8 against float valuations: mean difference ${percent(mean)}, 95% within ${percent(p95)}, ` +
    `largest ${percent(largest)}, SQNR ${sqnr.toFixed(1)} dB`
  );
}

function latencyRow(entry: LatencyEntry): readonly string[] {
  return isMeasured(entry)
    ? [entry.backend, entry.model, duration(entry.median), duration(entry.p95), nodeCounts(entry.nodes)]
    : [entry.backend, entry.unavailable];
}

/** Aligns columns; a last cell without a column of its own may run over. */
function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(
      ...rows
        .filter((row) => column < row.length - 1 || row.length === columns)
        .map((row) => row[column]?.length ?? 0),
      0,
    ),
  );
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
