import { percent } from '@octavo/evaluation';
import type { Cause } from '../cause.js';
import { ownNoise } from '../evidence.js';
import { widen } from '../precision-change.js';

/** The share of the noise before a layer that the change takes away. */
const SHARE = 0.75;

/** Layers named in words; the rules name all. */
const NAMED = 5;

/** The layer does well; what it reads is already wrong. */
export const accumulatedError: Cause = {
  name: 'accumulated-error',
  description: 'The layer itself does well, but the small errors of the layers before it have added up.',
  origin: 'before',
  examine(layer, before) {
    const { noise } = layer;
    if (noise.inherited === 0 || before.length === 0) return undefined;
    const worst = largest(before);
    const names = worst.slice(0, NAMED).map(({ pair }) => pair.parts.node.label);
    const more = worst.length > NAMED ? ` and ${worst.length - NAMED} more` : '';
    return {
      noise: noise.inherited,
      evidence:
        `${percent(noise.inherited / (noise.inherited + ownNoise(layer)))} of its noise comes with what it reads, ` +
        `from ${before.length} layer${before.length === 1 ? '' : 's'} before it; the rest it adds itself`,
      change: `give more bits to the layers that add most: ${names.join(', ')}${more}`,
      rules: worst.flatMap((each) => widen(each).rules),
    };
  },
};

/** The fewest layers that make {@link SHARE} of the noise. */
function largest(layers: readonly Parameters<typeof ownNoise>[0][]): Parameters<typeof ownNoise>[0][] {
  const sorted = [...layers].sort((a, b) => ownNoise(b) - ownNoise(a));
  const all = sorted.reduce((sum, layer) => sum + ownNoise(layer), 0);
  let covered = 0;
  const count = sorted.findIndex((layer) => {
    covered += ownNoise(layer);
    return covered >= SHARE * all;
  });
  return sorted.slice(0, count + 1);
}
