import { defineKernel, type Kernel } from '@octavo/backend';
import { Clip, Clip6 } from '@octavo/core/ir';
import { isBigInt, type Tensor, toNumbers } from '@octavo/core/tensor';
import { mapElements, toBigInts, type UnaryFunction } from '../arithmetic.js';
import { operand } from '../operand.js';

/** `min(max(x, min), max)`: NaN stays NaN, and `max` wins where the bounds cross. */
function clamp(min: number, max: number): (x: number) => number {
  return (x) => Math.min(Math.max(x, min), max);
}

function clampBigInt(min: bigint | undefined, max: bigint | undefined): (x: bigint) => bigint {
  return (x) => {
    const raised = min !== undefined && x < min ? min : x;
    return max !== undefined && raised > max ? max : raised;
  };
}

function clampTo(min: Tensor | undefined, max: Tensor | undefined): UnaryFunction {
  const [low, high] = [min && toNumbers(min)[0], max && toNumbers(max)[0]];
  return {
    real: clamp(low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY),
    big: clampBigInt(min && bigBound(min), max && bigBound(max)),
  };
}

function bigBound(bound: Tensor): bigint | undefined {
  return isBigInt(bound.dtype) ? toBigInts(bound)[0] : undefined;
}

const clip = defineKernel(Clip, {
  prepare: () => (inputs) => [mapElements(operand(inputs, 0), clampTo(inputs[1], inputs[2]))],
});

const clip6 = defineKernel(Clip6, {
  prepare:
    ({ attributes: { min, max } }) =>
    (inputs) => [mapElements(operand(inputs, 0), { real: clamp(min, max) })],
});

export const clipKernels: readonly Kernel[] = [clip, clip6];
