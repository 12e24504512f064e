import type { Recipe } from '@octavo/quantizer';
import { MODES, modesOf, type RunMode, recipeOf } from '../../tests/real/quantized-runs.js';
import type { QuantizedModel } from '../../tests/real/real-model.js';

/** A way to quantize that both quantizers have. */
export interface PeerMode {
  readonly name: string;
  /** Whether both do the same work; they do not where ours learns the rounding from samples and theirs rounds to nearest. */
  readonly isSameWork: boolean;
  /** Ours. */
  recipe(model: QuantizedModel): Partial<Recipe> & Pick<Recipe, 'mode'>;
}

const SAME_WORK: Readonly<Record<RunMode, boolean>> = { static: true, dynamic: true, 'weight-only': false };

const peerMode = (mode: RunMode): PeerMode => ({
  name: mode,
  isSameWork: SAME_WORK[mode],
  recipe: (model) => ({ ...recipeOf(model, mode), mode }),
});

/** Both round to nearest, without samples: the same method, where `weight-only` compares the defaults. */
const nearest: PeerMode = {
  name: 'weight-only, nearest',
  isSameWork: true,
  recipe: (model) => ({ ...recipeOf(model, 'weight-only'), mode: 'weight-only', rounding: 'nearest' }),
};

/** The modes of models that have no matrices to speak of. */
export const PEER_MODES: readonly PeerMode[] = MODES.map(peerMode);

/** The modes that suit a model; those of weights alone only where it has large matrices. */
export function peerModesOf(model: QuantizedModel): readonly PeerMode[] {
  const own = modesOf(model).map(peerMode);
  return model.weightOnly ? [...own, nearest] : own;
}
