import { nothingLeft } from '../../nothing-to-quantize.js';
import type { Attempt, Rung, RungContext } from '../rung.js';
import { needsCalibration } from './needs-calibration.js';

/**
 * Keeps the layers with the least estimated SQNR in float: one, two, four ... up to half of them, on top of the static
 * model that came closest.
 */
export const sensitiveLayersFloat: Rung = {
  name: 'sensitive-layers-float',
  description: 'INT8 except for the layers that lose most, which stay in float',
  skips: (context) =>
    needsCalibration(context) ??
    (context.attempts.some(({ outcome, recipe }) => outcome === 'passed' && recipe?.mode === 'static')
      ? 'a static model passes without it'
      : undefined),
  async *candidates(context) {
    const order = (await context.sensitivity()).map(({ output }) => output);
    if (order.length === 0) throw nothingLeft();
    const base = closestStatic(context);
    for (let count = 1; count <= Math.ceil(order.length / 2); count *= 2) {
      const kept = order.slice(0, count);
      const attempt = yield await context.quantize(`${count} of ${order.length} layers in float`, {
        ...base,
        mode: 'static',
        exclude: [...(base?.exclude ?? []), ...kept],
      });
      if (attempt?.outcome === 'passed') return;
    }
  },
};

function closestStatic({ attempts }: RungContext): Attempt['recipe'] {
  const tried = attempts.filter(({ recipe, figures }) => recipe?.mode === 'static' && figures);
  const retention = ({ figures }: Attempt): number => figures?.retention || Number.NEGATIVE_INFINITY;
  return tried.sort((a, b) => retention(b) - retention(a))[0]?.recipe;
}
