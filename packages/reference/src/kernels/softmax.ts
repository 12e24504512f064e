import { defineKernel, type Kernel, type KernelFunction } from '@octavo/backend';
import { Hardmax, Hardmax1, LogSoftmax, LogSoftmax1, Softmax, Softmax1 } from '@octavo/core/ir';
import type { Shape } from '@octavo/core/tensor';
import { type AxisLines, linesAlong, linesFrom } from '../axis-lines.js';
import { floats, floatTensor } from '../floats.js';
import { operand } from '../operand.js';

/** Replaces a line of numbers by its normalized form. */
type LineFunction = (line: Float64Array) => void;

/** `exp(x - max) / sum(exp(x - max))`; a `sink` is one more x of that sum. */
export function softmaxLine(line: Float64Array, sink = Number.NEGATIVE_INFINITY): void {
  const max = Math.max(sink, largest(line));
  let sum = Math.exp(sink - max);
  for (let i = 0; i < line.length; i++) {
    const power = Math.exp((line[i] ?? 0) - max);
    line[i] = power;
    sum += power;
  }
  for (let i = 0; i < line.length; i++) line[i] = (line[i] ?? 0) / sum;
}

/** `x - max - ln(sum(exp(x - max)))`. */
function logSoftmaxLine(line: Float64Array): void {
  const max = largest(line);
  const logSum = Math.log(line.reduce((sum, x) => sum + Math.exp(x - max), 0));
  for (let i = 0; i < line.length; i++) line[i] = (line[i] ?? 0) - max - logSum;
}

function hardmaxLine(line: Float64Array): void {
  const first = line.indexOf(largest(line));
  line.fill(0);
  line[first] = 1;
}

function largest(line: Float64Array): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const x of line) if (x > max) max = x;
  return max;
}

/** Applies `normalize` to the lines that `linesOf` finds. */
export function onLines(linesOf: (shape: Shape) => AxisLines, normalize: LineFunction): KernelFunction {
  return (inputs) => {
    const x = operand(inputs, 0);
    const out = Float64Array.from(floats(x));
    const { count, length, step, start } = linesOf(x.shape);
    const line = new Float64Array(length);
    for (let l = 0; l < count; l++) {
      const first = start(l);
      for (let i = 0; i < length; i++) line[i] = out[first + i * step] ?? 0;
      normalize(line);
      for (let i = 0; i < length; i++) out[first + i * step] = line[i] ?? 0;
    }
    return [floatTensor(x.dtype, x.shape, out)];
  };
}

function along(op: typeof Softmax | typeof LogSoftmax | typeof Hardmax, normalize: LineFunction): Kernel {
  return defineKernel(op, {
    prepare: ({ attributes: { axis } }) => onLines((shape) => linesAlong(shape, axis), normalize),
  });
}

function from(op: typeof Softmax1 | typeof LogSoftmax1 | typeof Hardmax1, normalize: LineFunction): Kernel {
  return defineKernel(op, {
    prepare: ({ attributes: { axis } }) => onLines((shape) => linesFrom(shape, axis), normalize),
  });
}

export const softmaxKernels: readonly Kernel[] = [
  along(Softmax, softmaxLine),
  along(LogSoftmax, logSoftmaxLine),
  along(Hardmax, hardmaxLine),
  from(Softmax1, softmaxLine),
  from(LogSoftmax1, logSoftmaxLine),
  from(Hardmax1, hardmaxLine),
];
