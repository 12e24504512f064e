import {
  Add,
  defineRule,
  Gemm,
  MatMul,
  match,
  type Pass,
  rulePass,
  storedConstant,
  supersede,
} from '@octavo/core/ir';
import { isFloat } from '@octavo/core/tensor';
import { onlyWith } from './only-with.js';

const rule = defineRule({
  name: 'fuse-gemm',
  pattern: match
    .op(
      Add,
      match.op(MatMul, match.any('a'), match.constant('weights')).as('product'),
      match.constant('bias'),
    )
    .commutative(),
  declines({ a, weights, bias, product }, graph) {
    const { dtype, shape = [] } = storedConstant(weights) ?? {};
    if (!dtype || !isFloat(dtype))
      return `it multiplies ${dtype ?? 'an unknown type'}, and runtimes have Gemm for floats only`;
    if (a.shape?.length !== 2 || weights.shape?.length !== 2) return 'its operands are no matrices';
    const [last, ...rows] = (storedConstant(bias)?.shape ?? []).toReversed();
    if (last !== shape[1] || rows.some((size) => size !== 1) || rows.length > 1) {
      return `${bias.name} is not one number a column`;
    }
    const alone = product.output?.users.length === 1 && !graph.isOutput(product.output);
    return alone ? undefined : 'the product is read elsewhere too';
  },
  rewrite({ a, weights, bias }, graph, add) {
    const gemm = graph.emit(Gemm, { A: a, B: weights, C: bias }, {}, { name: add.name });
    if (add.output && gemm.output) supersede(graph, add.output, gemm.output);
  },
});

/** Turns a product with constant weights and the constant added to it into one Gemm. */
export const fuseGemm: Pass = onlyWith([MatMul], rulePass('fuse-gemm', [rule]));
