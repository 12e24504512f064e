import { figureText, percent } from '@octavo/evaluation';
import type { Chapter, Section } from '@octavo/evaluation/report';
import type { MeasuredModels } from '../measured.js';
import { leftOut } from './shown.js';

/** Histograms of each kind. */
const SHOWN = 24;

/** Histograms of activations and weights, with the ranges that their integers have. */
export function distributionChapters({ stability: { activations, weights } }: MeasuredModels): Chapter[] {
  return [
    ...(activations.length > 0 ? [{ title: 'Activations', sections: activationSections(activations) }] : []),
    ...(weights.length > 0 ? [{ title: 'Weights', sections: weightSections(weights) }] : []),
  ];
}

function activationSections(activations: MeasuredModels['stability']['activations']): Section[] {
  return [
    ...leftOut('activations, most saturated first,', activations.length, SHOWN),
    {
      kind: 'histograms',
      label: 'value',
      description:
        'Float values in the original model; the band is the range of the integers, values beyond it saturate.',
      charts: activations.slice(0, SHOWN).map(({ value, bins, range, saturated }) => ({
        name: value,
        bins,
        range,
        note: `range ${figureText(range.min, '')} to ${figureText(range.max, '')}, ${percent(saturated)} saturated`,
      })),
    },
  ];
}

function weightSections(weights: MeasuredModels['stability']['weights']): Section[] {
  return [
    ...leftOut('weights, lowest SQNR first,', weights.length, SHOWN),
    {
      kind: 'histograms',
      label: 'weight',
      description:
        'Weights as their integers stand; the band is the range of the integers, of the channel with the largest scale.',
      charts: weights.slice(0, SHOWN).map(({ value, bins, range, storage, granularity, sqnr, atLimits }) => ({
        name: value,
        bins,
        range,
        note:
          `${storage} ${granularity}, ${percent(atLimits)} at the ends` +
          (sqnr === undefined ? '' : `, ${figureText(sqnr, 'dB')}`),
      })),
    },
  ];
}
