import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { expect } from 'vitest';
import { type OnnxruntimeOptions, runBoth, runEach, runNative, type trial } from './both-runtimes.js';

/**
 * Expects the outputs to have the types that inference gives and onnxruntime's, and each to lie within `bound` of
 * onnxruntime's in the Euclidean norm: `|x - y| <= bound |y|`; on the reference, and in sessions with native kernels.
 */
export async function expectAgreement(
  each: ReturnType<typeof trial>,
  bound: number,
  options?: OnnxruntimeOptions,
): Promise<void> {
  const { all, theirs } = await runEach(each, options);
  for (const ours of all) {
    expectWithin(bound, ours, theirs);
    expect(typesOf(ours)).toEqual(typesOf(each.graph.outputs));
  }
}

/** Expects the same where native kernels run the whole graph. */
export async function expectNativeAgreement(each: ReturnType<typeof trial>, bound: number): Promise<void> {
  const { ours, theirs } = await runBoth(each);
  expectWithin(bound, ours, theirs);
  const { native, elsewhere } = await runNative(each.graph, each.feeds);
  expect(elsewhere).toEqual([]);
  expectWithin(bound, native, theirs);
}

function expectWithin(bound: number, ours: readonly Tensor[], theirs: readonly Tensor[]): void {
  expect(typesOf(ours)).toEqual(typesOf(theirs));
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
