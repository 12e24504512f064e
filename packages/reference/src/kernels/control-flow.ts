import { defineKernel, type Kernel, type Operands } from '@octavo/backend';
import { If, Loop, type Subgraph } from '@octavo/core/ir';
import { int64, OctavoError, Tensor } from '@octavo/core/tensor';
import { scalar } from '../integer-operands.js';
import { type GraphFunction, interpretSubgraph, supportsSubgraphs } from '../interpret.js';
import { operand } from '../operand.js';
import { slicesOf, stack } from '../stack.js';
import { scan8Kernel, scanKernel } from './scan.js';

function bool(value: boolean): Tensor {
  return new Tensor('bool', [], Uint8Array.of(Number(value)));
}

/** The most rounds of a loop: a file may ask for any number, and nothing else would ever stop it. */
const MOST_ROUNDS = 2 ** 20;

/**
 * Repeats a body on the inputs and captures of a {@link Loop}; its outputs.
 * @throws OctavoError `LOOP_ROUNDS` after 2^20 rounds, TensorError `TENSOR_TOO_LARGE` when stacked results take more
 *   than `maxTensorBytes`.
 */
export function runLoop(
  body: GraphFunction,
  subgraph: Subgraph,
  inputs: Operands,
  captures: readonly Tensor[],
  maxTensorBytes: number,
): readonly Tensor[] {
  const limit = inputs[0] ? scalar(inputs[0]) : Number.POSITIVE_INFINITY;
  const initial = inputs.slice(2).map((_, i) => operand(inputs, i + 2));
  let states: readonly Tensor[] = initial;
  let going = inputs[1] ? scalar(inputs[1]) !== 0 : true;
  const scans: (readonly Tensor[])[] = [];
  for (let iteration = 0; going && iteration < limit; iteration++) {
    if (iteration === MOST_ROUNDS) throw endless();
    const results = body([int64([iteration], []), bool(going), ...states], captures);
    going = scalar(operand(results, 0)) !== 0;
    states = results.slice(1, 1 + initial.length);
    scans.push(slicesOf(results, 1 + initial.length, iteration + 1, maxTensorBytes));
  }
  const offset = 1 + initial.length;
  const stacked = subgraph.graph.outputs.slice(offset).map((_, i) => {
    const slices = scans.map((results) => operand(results, i));
    return stack(slices, 0, subgraph, offset + i);
  });
  return [...states, ...stacked];
}

function endless(): OctavoError {
  return new OctavoError({
    code: 'LOOP_ROUNDS',
    message: `the loop has not ended after ${MOST_ROUNDS} rounds.`,
    remedy: 'Give it a smaller trip count, or a condition that becomes false.',
  });
}

function ifKernel(table: () => readonly Kernel[]): Kernel {
  return defineKernel(If, {
    supports: (node) => supportsSubgraphs(node.subgraphs, table()),
    prepare: async ({ attributes: { then_branch, else_branch }, maxTensorBytes }) => {
      const yes = await interpretSubgraph(then_branch, table(), { maxTensorBytes });
      const no = await interpretSubgraph(else_branch, table(), { maxTensorBytes });
      return (inputs, captures) => (scalar(operand(inputs, 0)) ? yes : no)([], captures);
    },
  });
}

function loopKernel(table: () => readonly Kernel[]): Kernel {
  return defineKernel(Loop, {
    supports: (node) => supportsSubgraphs(node.subgraphs, table()),
    prepare: async ({ attributes: { body }, maxTensorBytes }) => {
      const run = await interpretSubgraph(body, table(), { maxTensorBytes });
      return (inputs, captures) => runLoop(run, body, inputs, captures, maxTensorBytes);
    },
  });
}

/** The kernels of ops with subgraphs, which run with the kernels of `table`. */
export function controlFlowKernels(table: () => readonly Kernel[]): readonly Kernel[] {
  return [ifKernel(table), loopKernel(table), scanKernel(table), scan8Kernel(table)];
}
