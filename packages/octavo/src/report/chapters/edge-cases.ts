import { figureText } from '@octavo/evaluation';
import type { Chapter, Section } from '@octavo/evaluation/report';
import type { MeasuredModels } from '../measured.js';

/** What both models make of inputs that no data set has enough of, and of inputs beyond the calibrated range. */
export function edgeCaseChapters({ stability: { edgeCases, outOfRange } }: MeasuredModels): Chapter[] {
  if (edgeCases.length === 0) return [];
  const show = (value: number): string => figureText(value, '');
  const cases: Section = {
    kind: 'table',
    caption: 'Edge cases; numbers are the first of the first output',
    header: [
      'inputs',
      'original',
      'quantized',
      'not finite, original',
      'not finite, quantized',
      'SQNR',
      'result',
    ],
    rows: edgeCases.map((each) => [
      each.name,
      show(each.original),
      show(each.quantized),
      String(each.originalNonFinite),
      String(each.quantizedNonFinite),
      figureText(each.sqnr, 'dB'),
      each.passed ? 'as finite as the original' : 'not finite where the original is',
    ]),
  };
  const beyond: Section = {
    kind: 'table',
    caption: 'Samples whose inputs leave the calibrated range farthest',
    header: ['sample', 'input', 'position', 'value', 'beyond, in widths of the range'],
    rows: outOfRange.map(({ id, input, position, value, excess }) => [
      id,
      input,
      String(position),
      show(value),
      show(excess),
    ]),
  };
  const none: Section = { kind: 'text', text: 'No sample has inputs beyond the calibrated range.' };
  return [{ title: 'Edge cases', sections: [cases, outOfRange.length > 0 ? beyond : none] }];
}
