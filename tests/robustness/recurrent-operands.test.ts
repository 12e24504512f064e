import { createModel, type Model, parse } from '@octavo/core/ir';
import { elementCount, fromNumbers, StoredTensor, type Tensor, zeros } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';

const BACKENDS = [
  ['reference', [reference()]],
  ['cpu, then reference', [cpu(), reference()]],
] as const;

type Backends = (typeof BACKENDS)[number][1];

type Shapes = Readonly<Record<string, readonly number[]>>;

interface Layer {
  readonly op: string;
  readonly attributes: string;
  readonly outputs: string;
  /** The shapes that fit, in the order of the operands. Four steps of two sequences of three numbers, five states. */
  readonly shapes: Shapes;
  readonly weights: 'float32' | 'int8';
}

const float = (op: string, gates: number, outputs: string, more: Shapes = {}, layout = 0): Layer => ({
  op,
  outputs,
  attributes: `hidden_size=5${layout ? ', layout=1' : ''}`,
  weights: 'float32',
  shapes: {
    X: layout ? [2, 4, 3] : [4, 2, 3],
    W: [1, 5 * gates, 3],
    R: [1, 5 * gates, 5],
    B: [1, 10 * gates],
    sequence_lens: [2],
    initial_h: layout ? [2, 1, 5] : [1, 2, 5],
    ...more,
  },
});

const LAYERS: readonly Layer[] = [
  float('LSTM', 4, '%y, %h, %c', { initial_c: [1, 2, 5], P: [1, 15] }),
  float('GRU', 3, '%y, %h'),
  float('GRU', 3, '%y, %h', {}, 1),
  float('RNN', 1, '%y, %h'),
  {
    op: 'com.microsoft::DynamicQuantizeLSTM',
    outputs: '%y, %h, %c',
    attributes: 'hidden_size=5',
    weights: 'int8',
    shapes: {
      X: [4, 2, 3],
      W: [1, 3, 20],
      R: [1, 5, 20],
      B: [1, 40],
      sequence_lens: [2],
      initial_h: [1, 2, 5],
      initial_c: [1, 2, 5],
      P: [1, 15],
      W_scale: [1],
      W_zero_point: [1],
      R_scale: [1],
      R_zero_point: [1],
    },
  },
];

const WEIGHTS = new Set(['W', 'R', 'W_zero_point', 'R_zero_point']);
const FED = new Set(['X', 'sequence_lens', 'initial_h', 'initial_c']);

function tensorOf(slot: string, shape: readonly number[], { weights }: Layer): Tensor {
  if (slot === 'sequence_lens') return fromNumbers('int32', shape, new Array(elementCount(shape)).fill(2));
  return zeros(WEIGHTS.has(slot) ? weights : 'float32', shape);
}

/** A node whose fed operands have shapes that only a run tells; alone, or in the branch that a run takes. */
function modelOf(layer: Layer, tensors: Readonly<Record<string, Tensor>>, inBranch: boolean): Model {
  const slots = Object.keys(tensors);
  const lines = Object.entries(tensors).map(([slot, { dtype, shape }]) =>
    FED.has(slot)
      ? `input %${slot}: ${dtype}[${shape.map((_, axis) => `${slot}${axis}`)}]`
      : `value %${slot}: ${dtype}[${shape}]`,
  );
  const node = `${layer.outputs} = ${layer.op}(${slots.map((slot) => `%${slot}`)}) {${layer.attributes}} @layer`;
  const captured = slots.map((slot) => `%${slot} = %${slot}`);
  const branches = `input %yes: bool[]
    %z: float32[s, d, b, h] = If(%yes) {then_branch=graph (${captured}) { ${node}
      output %y }, else_branch=graph (%X = %X) { %n = Relu(%X)
      output %n }}`;
  const graph = parse(`graph opset 21, com.microsoft 1 {
    ${lines.join('\n')}
    ${inBranch ? branches : `${node}\n%z = Relu(%y)`}
    output %z
  }`);
  for (const [slot, tensor] of Object.entries(tensors)) {
    const value = graph.value(slot);
    if (value && !FED.has(slot)) value.constant = StoredTensor.of(tensor);
  }
  return createModel(graph);
}

async function run(layer: Layer, shapes: Shapes, backends: Backends, inBranch: boolean): Promise<unknown> {
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([slot, shape]) => [slot, tensorOf(slot, shape, layer)]),
  );
  using session = await createSession(modelOf(layer, tensors, inBranch), { backends });
  const fed = Object.entries(tensors).filter(([slot]) => FED.has(slot));
  return session.run({
    ...Object.fromEntries(fed),
    ...(inBranch ? { yes: fromNumbers('bool', [], [1]) } : {}),
  });
}

const PLACES = [
  ['alone', false],
  ['in a branch', true],
] as const;

const CASES = LAYERS.flatMap((layer) => PLACES.map(([place, inBranch]) => ({ layer, place, inBranch })));

describe.each(BACKENDS)('recurrent layers on %s', (_, backends) => {
  it.each(CASES)('run: $layer.op with $layer.attributes, $place', async ({ layer, inBranch }) => {
    await expect(run(layer, layer.shapes, backends, inBranch)).resolves.toBeDefined();
  });

  it.each(CASES)(
    'name the operand that does not fit: $layer.op with $layer.attributes, $place',
    async ({ layer, inBranch }) => {
      const optional = Object.keys(layer.shapes).filter((slot) =>
        /^(B|P|sequence_lens|initial_.)$/.test(slot),
      );
      for (const slot of optional) {
        const fitting = layer.shapes[slot] ?? [];
        const longer = fitting.with(-1, (fitting.at(-1) ?? 0) + 1);
        const ofOtherRank = FED.has(slot) ? [] : [[1, ...fitting], []];
        for (const wrong of [longer, fitting.with(-1, 1), ...ofOtherRank]) {
          const message = `${slot} (${slot}) must be [${fitting.join(', ')}], found [${wrong.join(', ')}].`;
          await expect(run(layer, { ...layer.shapes, [slot]: wrong }, backends, inBranch)).rejects.toThrow(
            new RegExp(`layer.*${message.replace(/[[\]().]/g, '\\$&')}`),
          );
        }
      }
    },
  );
});
