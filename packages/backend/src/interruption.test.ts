import { Graph, Relu, tensorType, type Value } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import type { Executable } from './backend.js';
import { defineBackend } from './define-backend.js';
import { defineKernel } from './kernel.js';
import { wholeGraph } from './whole-graph.js';

const NODES = 6;

/** A chain of Relus on a kernel that keeps the thread busy longer than a turn may last, and the runs so far. */
async function slowChain(): Promise<{ executable: Executable; runs: () => number }> {
  const graph = new Graph();
  const input = graph.addInput('x', tensorType('float32', [1]));
  let value: Value = input;
  for (let i = 0; i < NODES; i++) {
    const output = graph.addValue(`y${i}`, tensorType('float32', [1]));
    graph.addNode(Relu, { name: `relu${i}`, inputs: [value], outputs: [output] });
    value = output;
  }
  graph.outputs.push(value);
  let count = 0;
  const kernel = defineKernel(Relu, {
    prepare: () => (operands) => {
      count++;
      for (const end = performance.now() + 25; performance.now() < end; );
      return operands;
    },
  });
  const executable = await defineBackend({ id: 'slow', kernels: [kernel] }).compile(wholeGraph(graph));
  return { executable, runs: () => count };
}

describe('a run with a signal', () => {
  it('hears what happens meanwhile and stops between nodes with the reason', async () => {
    const { executable, runs } = await slowChain();
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 0);
    await expect(executable.run([float32([1])], undefined, controller.signal)).rejects.toBe(reason);
    expect(runs()).toBeGreaterThan(0);
    expect(runs()).toBeLessThan(NODES);
  });

  it('gives the same result when nothing happens', async () => {
    const { executable, runs } = await slowChain();
    const result = await executable.run([float32([3])], undefined, new AbortController().signal);
    expect(result).toEqual([float32([3])]);
    expect(runs()).toBe(NODES);
  });

  it('says so when the executable is disposed meanwhile', async () => {
    const { executable } = await slowChain();
    setTimeout(() => executable[Symbol.dispose](), 0);
    const run = executable.run([float32([1])], undefined, new AbortController().signal);
    await expect(run).rejects.toMatchObject({ code: 'SESSION_DISPOSED' });
  });
});
