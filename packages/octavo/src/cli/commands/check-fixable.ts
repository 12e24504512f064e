import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';

/** Fused ops of runtimes that hold layers in a form of their own. */
const OTHER_FORMS =
  /^(DynamicQuantize(?!Linear)\w+|MatMulIntegerToFloat\w*|MatMulBnb4|QAttention|QOrdered\w+)$/;

/**
 * Refuses models whose layers are quantized in forms that mending cannot read: it would take them for float layers.
 * @throws OctavoError `FIX_FORM`.
 */
export function checkFixable({ graph }: Model, file: string): void {
  const node = graph.nodes.find(({ op }) => OTHER_FORMS.test(op.name));
  if (!node) return;
  throw new OctavoError({
    code: 'FIX_FORM',
    where: file,
    message: `--fix reads how layers are quantized, but ${node.label} is a ${node.op.name}, which hides it.`,
    remedy: 'Give the model as its quantizer wrote it, before a runtime fused its nodes.',
  });
}
