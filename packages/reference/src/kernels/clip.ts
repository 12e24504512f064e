import { defineKernel, type Kernel } from '@octavo/backend';
import { Clip, clamp } from '@octavo/core/ir';
import { isBigInt, type Tensor, toNumbers } from '@octavo/core/tensor';
import { mapElements, toBigInts, type UnaryFunction } from '../arithmetic.js';
import { operand } from '../operand.js';

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

export const clipKernels: readonly Kernel[] = [clip];
