import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { expect } from 'vitest';
import { type OnnxruntimeOptions, runBoth, type trial } from './both-runtimes.js';

/**
 * Expects the outputs to have the types that inference gives and onnxruntime's, and each to lie within `bound` of
 * onnxruntime's in the Euclidean norm: `|x - y| <= bound |y|`.
 */
export async function expectAgreement(
  each: ReturnType<typeof trial>,
  bound: number,
  options?: OnnxruntimeOptions,
): Promise<void> {
  const { ours, theirs } = await runBoth(each, options);
  expect(typesOf(ours)).toEqual(typesOf(theirs));
  expect(typesOf(ours)).toEqual(typesOf(each.graph.outputs));
  ours.forEach((tensor, at) => {
    const other = Array.from(toNumbers(theirs[at] ?? tensor));
    const distance = Math.hypot(...Array.from(toNumbers(tensor), (x, i) => x - (other[i] ?? Number.NaN)));
    expect(distance).toBeLessThanOrEqual(bound * Math.hypot(...other));
  });
}

function typesOf(
  values: readonly { readonly dtype: Tensor['dtype'] | undefined; readonly shape: unknown }[],
) {
  return values.map(({ dtype, shape }) => ({ dtype, shape }));
}
