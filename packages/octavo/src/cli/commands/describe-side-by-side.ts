import { figureText, number } from '@octavo/evaluation';
import { fidelityHeader, fidelityRows } from '../../report/chapters/fidelity.js';
import { costRows } from '../../report/chapters/performance.js';
import { formatTable } from '../table.js';
import type { EvaluateResult } from './evaluate.js';

/** Samples that are listed. */
const SHOWN = 5;

/** For people: closeness, cost, the worst samples and edge cases, each table after an empty line. */
export function describeSideBySide(result: EvaluateResult): string[] {
  const tables = [
    fidelityTable(result),
    costTable(result),
    worstTable(result),
    edgeCaseTable(result),
    outOfRangeTable(result),
  ];
  return tables.flatMap((table) => (table === undefined ? [] : ['', table]));
}

function costTable({ performance }: EvaluateResult): string | undefined {
  return performance ? formatTable(['', 'original', 'quantized', 'ratio'], costRows(performance)) : undefined;
}

/** The metric asked for may be a closeness, and stands before this table then. */
function fidelityTable({ fidelity, metric: asked }: EvaluateResult): string | undefined {
  const others = fidelity.filter(({ metric }) => metric !== asked);
  if (others.length === 0) return undefined;
  return formatTable(['close to the original', ...fidelityHeader(others)], fidelityRows(others));
}

/** Without what no sample has: labels, or a score of the original's. */
function worstTable({ worst, against }: EvaluateResult): string | undefined {
  if (worst.length === 0) return undefined;
  const shown = worst.slice(0, SHOWN);
  const columns = [
    [against === null ? 'largest errors' : 'lost most', ...shown.map(({ id }) => id)],
    ['label', ...shown.map(({ label }) => (Number.isNaN(label) ? '' : number(label)))],
    ['predicted', ...shown.map(({ prediction }) => number(prediction))],
    ['by the original', ...shown.map(({ original }) => (original ? number(original.prediction) : ''))],
    ['loss', ...shown.map(({ loss }) => number(loss))],
  ].filter(([, ...cells]) => cells.some((cell) => cell !== ''));
  const [header = [], ...rows] = ['', ...shown].map((_, i) => columns.map((column) => column[i] ?? ''));
  return formatTable(header, rows);
}

function edgeCaseTable({ edgeCases }: EvaluateResult): string | undefined {
  if (edgeCases.length === 0) return undefined;
  const rows = edgeCases.map((each) => [
    each.name,
    number(each.original),
    number(each.quantized),
    figureText(each.sqnr, 'dB'),
    each.passed ? '' : 'not finite where the original is',
  ]);
  return formatTable(['edge case', 'original', 'quantized', 'SQNR', ''], rows);
}

function outOfRangeTable({ outOfRange }: EvaluateResult): string | undefined {
  if (outOfRange.length === 0) return undefined;
  const rows = outOfRange
    .slice(0, SHOWN)
    .map(({ id, input, position, value, excess }) => [
      id,
      `${input}[${position}]`,
      number(value),
      number(excess),
    ]);
  return formatTable(['beyond the calibrated range', 'input', 'value', 'by widths of the range'], rows);
}
