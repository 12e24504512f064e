import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';

/** Ops that hold quantized layers otherwise than between Q/DQ pairs: dynamic, weight-only and integer (QOperator) ones. */
const OTHER_FORMS =
  /^(MatMulNBits|GatherBlockQuantized|DynamicQuantize\w+|(MatMul|Conv)Integer\w*|Q[A-Z]\w*)$/;

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
    message: `--fix reads how layers are quantized from Q/DQ pairs, but ${node.label} is a ${node.op.name}.`,
    remedy: 'Quantize the original with --format qdq, in mode static or weight-only, and mend that model.',
  });
}
