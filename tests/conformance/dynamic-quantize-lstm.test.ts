import { createModel, DynamicQuantizeLSTM } from '@octavo/core/ir';
import { float32, fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { encodeModel } from '@octavo/formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeWithAddon } from '../../packages/cpu/tests/addon.js';
import { expectAgreement } from './agreement.js';
import { runOn, runOnnxruntime, runReference, trial } from './both-runtimes.js';
import { integersIn, reals, scales, seed } from './random-tensors.js';

const size = fc.integer({ min: 1, max: 9 });

const layer = fc.record({
  direction: fc.constantFrom('forward' as const, 'reverse' as const, 'bidirectional' as const),
  steps: fc.integer({ min: 2, max: 4 }),
  batch: fc.integer({ min: 1, max: 3 }),
  hidden: size,
  width: size,
  storage: fc.constantFrom('int8' as const, 'uint8' as const),
  perColumn: fc.boolean(),
  coupled: fc.constantFrom(0, 1),
  ends: fc.boolean(),
  seed,
});

type Layer = typeof layer extends fc.Arbitrary<infer T> ? T : never;

/** The tensors of a layer by the name of the operand. */
type Operands = Readonly<Record<'X' | 'initial_h' | 'initial_c', Tensor>> & Readonly<Record<string, Tensor>>;

/** Weights within what no x64 CPU saturates, and parameters for all of a direction or for each column. */
function operandsOf(each: Layer): Operands {
  const { direction, steps, batch, hidden, width, storage, perColumn, seed: start } = each;
  const d = direction === 'bidirectional' ? 2 : 1;
  const columns = 4 * hidden;
  const [low, high, zero] = storage === 'int8' ? [-64, 64, 0] : [64, 127, 100];
  const shape = perColumn ? [d, columns] : [d];
  const count = perColumn ? d * columns : d;
  const scale = (at: number) => {
    const all = toNumbers(scales(count, start + at));
    return fromNumbers(
      'float32',
      shape,
      all.map((each) => each / 4),
    );
  };
  const zeroPoint = fromNumbers(storage, shape, new Array<number>(count).fill(zero));
  const lengths = Array.from({ length: batch }, (_, b) => Math.max(1, steps - b));
  return {
    X: reals([steps, batch, width], start),
    W: integersIn(storage, [d, width, columns], start + 1, low, high),
    R: integersIn(storage, [d, hidden, columns], start + 2, low, high),
    B: reals([d, 2 * columns], start + 3),
    ...(each.ends ? { sequence_lens: fromNumbers('int32', [batch], lengths) } : {}),
    initial_h: reals([d, batch, hidden], start + 4),
    initial_c: reals([d, batch, hidden], start + 5),
    P: reals([d, 3 * hidden], start + 6),
    W_scale: scale(7),
    W_zero_point: zeroPoint,
    R_scale: scale(8),
    R_zero_point: zeroPoint,
  };
}

const FED = new Set(['X', 'initial_h', 'initial_c']);

function layerTrial({ hidden, coupled }: Layer, operands: Operands, direction: Layer['direction']) {
  return trial(({ graph, input, constant }) => {
    const values = Object.entries(operands).map(([name, tensor]) => [
      name,
      FED.has(name) ? input(tensor) : constant(tensor),
    ]);
    const attributes = { hidden_size: hidden, direction, input_forget: coupled };
    return graph.emit(DynamicQuantizeLSTM, Object.fromEntries(values), attributes, { outputs: 3 }).outputs;
  });
}

/** Y, Y_h and Y_c. */
type Runtime = (each: ReturnType<typeof trial>) => Promise<readonly Tensor[]>;

const RUNTIMES: readonly { readonly name: string; readonly run: Runtime }[] = [
  { name: 'the reference backend', run: ({ graph, feeds }) => runReference(graph, feeds) },
  {
    name: 'onnxruntime',
    run: ({ graph, feeds }) => runOnnxruntime(encodeModel(createModel(graph)), graph, feeds, { threads: 1 }),
  },
];

/** Numbers `[at, at + 1)` of the first axis of a tensor. */
function slice(tensor: Tensor, at: number): Tensor {
  const [count = 1, ...rest] = tensor.shape;
  const length = tensor.size / count;
  return fromNumbers(tensor.dtype, [1, ...rest], toNumbers(tensor).subarray(at * length, (at + 1) * length));
}

/** A sequence of a batch while it goes from step to step. */
interface Sequence {
  readonly x: readonly (readonly number[])[];
  h: readonly number[];
  c: readonly number[];
  /** The hidden state after each step of the input. */
  readonly y: Map<number, readonly number[]>;
}

/**
 * The states of one direction after all steps, each step run on its own. Two more sequences, which start at 0, keep the
 * range of the input that of all steps; a sequence that has just ended has its state quantized once more.
 */
async function stepByStep(run: Runtime, each: Layer, operands: Operands, d: number): Promise<Sequence[]> {
  const { steps, batch, hidden, width } = each;
  const numbers = Array.from(toNumbers(operands.X));
  const row = (at: number) => numbers.slice(at * width, (at + 1) * width);
  const lengths = operands['sequence_lens'] ? toNumbers(operands['sequence_lens']) : undefined;
  const backwards = each.direction === 'reverse' || d === 1;
  const [h, c] = [operands.initial_h, operands.initial_c].map((all) => Array.from(toNumbers(slice(all, d))));
  const sequences = Array.from({ length: batch }, (_, b): Sequence => {
    const x = Array.from({ length: lengths?.[b] ?? steps }, (_, t) => row(t * batch + b));
    const own = (states: readonly number[] = []) => states.slice(b * hidden, (b + 1) * hidden);
    return { x: backwards ? x.reverse() : x, h: own(h), c: own(c), y: new Map() };
  });
  const zeros = new Array<number>(hidden).fill(0);
  const extremes = [Math.min(...numbers), Math.max(...numbers)].map(
    (value): Sequence => ({
      x: new Array(steps).fill(new Array<number>(width).fill(value)),
      h: zeros,
      c: zeros,
      y: new Map(),
    }),
  );
  const constants = Object.entries(operands).filter(([name]) => name !== 'sequence_lens');
  const weights = constants.map(
    ([name, tensor]) => [name, name === 'X' ? tensor : slice(tensor, d)] as const,
  );
  for (let t = 0; t < steps; t++) {
    const rows = [...sequences.filter(({ x }) => t <= x.length), ...extremes];
    const state = (which: 'h' | 'c') =>
      float32(
        rows.flatMap((each) => each[which]),
        [1, rows.length, hidden],
      );
    const step = {
      ...Object.fromEntries(weights),
      X: float32(
        rows.flatMap(({ x }) => x[t] ?? new Array<number>(width).fill(0)),
        [1, rows.length, width],
      ),
      initial_h: state('h'),
      initial_c: state('c'),
    };
    const [, nextH, nextC] = (await run(layerTrial(each, step, 'forward'))).map((all) =>
      Array.from(toNumbers(all)),
    );
    rows.forEach((sequence, b) => {
      if (t >= sequence.x.length || extremes.includes(sequence)) return;
      sequence.h = nextH?.slice(b * hidden, (b + 1) * hidden) ?? [];
      sequence.c = nextC?.slice(b * hidden, (b + 1) * hidden) ?? [];
      sequence.y.set(backwards ? sequence.x.length - 1 - t : t, sequence.h);
    });
  }
  return sequences;
}

/** Expects a layer to give what its steps give that are run one by one, to the bit. */
async function expectStepByStep(run: Runtime): Promise<void> {
  await fc.assert(
    fc.asyncProperty(layer, async (each) => {
      const operands = operandsOf(each);
      const outputs = (await run(layerTrial(each, operands, each.direction))).map((all) =>
        Array.from(toNumbers(all)),
      );
      const directions = each.direction === 'bidirectional' ? [0, 1] : [0];
      const sequences: Sequence[] = [];
      for (const d of directions) sequences.push(...(await stepByStep(run, each, operands, d)));
      const ended = new Array<number>(each.hidden).fill(0);
      const y = Array.from({ length: each.steps }, (_, t) => sequences.map((one) => one.y.get(t) ?? ended));
      expect(outputs).toEqual([
        y.flat(2),
        sequences.flatMap((one) => one.h),
        sequences.flatMap((one) => one.c),
      ]);
    }),
    { numRuns: 15 },
  );
}

describe('DynamicQuantizeLSTM', () => {
  it('agrees with onnxruntime in one step, where both quantize the same numbers', async () => {
    await fc.assert(
      fc.asyncProperty(layer, (each) => {
        const single = { ...each, steps: 1 };
        // Each of its threads would take a share of the batch, and quantize that by a range of its own.
        return expectAgreement(layerTrial(single, operandsOf(single), each.direction), 1e-5, { threads: 1 });
      }),
      { numRuns: 30 },
    );
  });

  it.each(RUNTIMES)('of $name is one step after the other, to the bit', ({ run }) => expectStepByStep(run));
});

describeWithAddon('DynamicQuantizeLSTM', () => {
  const backend = cpu();

  it('of the CPU backend is one step after the other, to the bit', () =>
    expectStepByStep(({ graph, feeds }) => runOn(backend, graph, feeds)));
});
