import { figureText, number, percent } from '../figure-text.js';
import type { StabilityFigures } from './gate.js';

/** How the numbers inside a model behave, as rows of cells `what, worst, figure`; what was not found gives none. */
export function stabilityRows({
  activations: [saturated],
  weights,
  layers: [layer],
  deviations,
  edgeCases,
  outOfRange: [beyond],
}: StabilityFigures): string[][] {
  const [weight] = weights;
  const full = weights.toSorted((a, b) => b.atLimits - a.atLimits)[0];
  const failed = edgeCases.filter(({ passed }) => !passed);
  return [
    saturated && ['saturated activations', saturated.value, percent(saturated.saturated)],
    full && ['weights at the ends of their integers', full.value, percent(full.atLimits)],
    weight?.sqnr !== undefined && ['SQNR of weights', weight.value, figureText(weight.sqnr, 'dB')],
    layer && ['SQNR of layers', layer.value, figureText(layer.sqnr, 'dB')],
    ['runs with other bits', deviations[0]?.run ?? '', String(deviations.length)],
    ['edge cases that are not finite', failed[0]?.name ?? '', `${failed.length} of ${edgeCases.length}`],
    beyond && ['beyond the calibrated range', beyond.id, `${number(beyond.excess)} widths`],
  ].filter((row) => Array.isArray(row));
}
