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

function fidelityTable({ fidelity }: EvaluateResult): string | undefined {
  if (fidelity.length === 0) return undefined;
  return formatTable(['close to the original', ...fidelityHeader(fidelity)], fidelityRows(fidelity));
}

function worstTable({ worst, against }: EvaluateResult): string | undefined {
  if (worst.length === 0) return undefined;
  const rows = worst
    .slice(0, SHOWN)
    .map(({ id, label, prediction, original, loss }) => [
      id,
      Number.isNaN(label) ? '' : number(label),
      number(prediction),
      original ? number(original.prediction) : '',
      number(loss),
    ]);
  const title = against === null ? 'largest errors' : 'lost most';
  return formatTable([title, 'label', 'predicted', 'by the original', 'loss'], rows);
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
