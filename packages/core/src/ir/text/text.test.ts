import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALL_DTYPES,
  allocate,
  DTYPES,
  type DType,
  elementCount,
  float32,
  fromNumbers,
  OctavoError,
  StoredTensor,
  stringTensor,
  type Tensor,
  tensorFromBytes,
} from '../../tensor/index.js';
import type { Attribute } from '../attribute.js';
import { Graph } from '../graph.js';
import { unknownOp } from '../op.js';
import { type Dim, tensorType, type Value, type ValueType } from '../value.js';
import { parse, print } from './index.js';

const EXAMPLE = `graph main opset 21, com.microsoft 1 {
  input %x: float32[N, 3, ?, 32]
  const %w: int8[2, 2] quantized(scale [0.5, 0.1], zero [0, 0], axis 0, symmetric) = [1, -2, 3, 4]
  const %s: float32[] = 0.1
  %"a:0": uint8[*] quantized(scale 0.5, zero 128), _ = com.microsoft::Foo(%x, _, %w) {axis=1, alpha=1.0, mode="x", pads=[0, 1], none=ints[]} @conv-1
  %y = If(%s) {then_branch=graph then(%inner: float32[] = %s) {
    %z = Relu(%inner)
    output %z
  }, value=float32[2] [nan, -inf]}
  output %"a:0", %y
}
`;

describe('the text form', () => {
  it('reads and prints an example with every kind of line', () => {
    expect(print(parse(EXAMPLE))).toBe(EXAMPLE);
  });

  it('connects a subgraph to the values it captures', () => {
    const graph = parse(EXAMPLE);
    const branch = graph.nodes[1]?.subgraphs[0];
    expect(branch?.sources).toEqual([0]);
    expect(graph.nodes[1]?.captures).toEqual([graph.value('s')]);
    expect(branch?.graph.captures[0]?.users).toHaveLength(1);
  });

  it('reads nodes before the values that they need', () => {
    const graph = parse(`graph opset 21 {
      %y = Relu(%z)
      %z = Neg(%x)
      input %x: float32[2]
      output %y
    }`);
    expect(graph.sorted().map((node) => node.op.name)).toEqual(['Neg', 'Relu']);
  });

  it('leaves out the elements of constants over the limit, and refuses to read that back', () => {
    const graph = new Graph();
    graph.addInitializer('w', StoredTensor.of(float32([1, 2, 3])));
    const text = print(graph, { elements: 2 });
    expect(text).toContain('const %w: float32[3] = ...');
    expect(() => parse(text)).toThrow(/left out/);
  });

  it.each([
    ['graph opset 21 { output %x }', 'the value x is read but not defined'],
    ['graph opset 21 { input %x: float33[1] }', 'float33 is no element type'],
    [
      'graph opset 21 {\n input %x: float32[1]\n input %x: float32[1] }',
      'line 3: the value x is defined twice',
    ],
    ['graph opset 21 { const %x: float32[2] = [1] }', '2 elements expected, found 1'],
    ['graph opset 21 { %y = Relu(%x', "expected ','"],
    ['graph opset 21 { & }', "'& }' is no part"],
    ['graph opset 21 { %y = A() {a=[1, 1.5]} }', 'all of one kind'],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('refuses damaged text with an error of its own, never another', () => {
    fc.assert(
      fc.property(fc.nat(EXAMPLE.length - 1), fc.nat(5), fc.string({ maxLength: 3 }), (at, gap, insert) => {
        const damaged = EXAMPLE.slice(0, at) + insert + EXAMPLE.slice(at + gap);
        try {
          expect(print(parse(damaged))).toContain('graph');
        } catch (error) {
          expect(error).toBeInstanceOf(OctavoError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives back the graph that was printed, whatever it holds', () => {
    fc.assert(
      fc.property(graphs(), (graph) => {
        const text = print(graph);
        const again = parse(text);
        expect(print(again)).toBe(text);
        expect(shapeOf(again)).toEqual(shapeOf(graph));
      }),
      { numRuns: 300 },
    );
  });
});

/** What must survive: everything but docstrings and metadata. */
function shapeOf(graph: Graph): unknown {
  const value = (each: Value | undefined) =>
    each && [each.name, each.type, each.constant && Array.from(each.constant.peek()?.bytes ?? [])];
  return {
    name: graph.name,
    opsets: [...graph.opsets],
    inputs: graph.inputs.map(value),
    outputs: graph.outputs.map(value),
    constants: graph.initializers.map(value),
    nodes: graph.nodes.map((node) => ({
      op: [node.op.domain, node.op.name],
      name: node.name,
      inputs: node.inputs.map(value),
      outputs: node.outputs.map(value),
      attributes: [...node.attributes],
    })),
  };
}

const word = fc.oneof(
  fc.stringMatching(/^[A-Za-z_][\w./-]{0,6}$/),
  fc.string({ minLength: 1, maxLength: 5 }),
);
const finite32 = fc.float({ noDefaultInfinity: true, noNaN: true });

function tensors(dtypes: readonly DType[]): fc.Arbitrary<Tensor> {
  return fc
    .record({ dtype: fc.constantFrom(...dtypes), shape: fc.array(fc.nat(3), { maxLength: 3 }) })
    .chain(({ dtype, shape }) => {
      const size = elementCount(shape);
      if (dtype === 'string') {
        const texts = fc.array(fc.string(), { minLength: size, maxLength: size });
        return texts.map(
          (all): Tensor =>
            stringTensor(
              all.map((text) => text.toWellFormed()),
              shape,
            ),
        );
      }
      if (DTYPES[dtype].kind === 'float') {
        const numbers = fc.array(fc.float(), { minLength: size, maxLength: size });
        return numbers.map((all): Tensor => fromNumbers(dtype, shape, all));
      }
      if (dtype === 'bool' || (DTYPES[dtype].kind === 'int' && DTYPES[dtype].bits < 8)) {
        const bits = fc.array(fc.nat(1), { minLength: size, maxLength: size });
        return bits.map((all): Tensor => fromNumbers(dtype, shape, all));
      }
      const { byteLength } = allocate(dtype, size);
      const bytes = fc.uint8Array({ minLength: byteLength, maxLength: byteLength });
      return bytes.map((all) => tensorFromBytes(dtype, shape, all));
    });
}

const dims: fc.Arbitrary<Dim[]> = fc.array(fc.oneof(fc.nat(9), word, fc.constant(null)), { maxLength: 4 });

const types: fc.Arbitrary<ValueType | undefined> = fc.oneof(
  fc.constant(undefined),
  fc
    .record({ dtype: fc.constantFrom(...ALL_DTYPES), shape: fc.option(dims, { nil: undefined }) })
    .map(({ dtype, shape }) => tensorType(dtype, shape)),
  fc
    .uint8Array({ maxLength: 4 })
    .map((encoded): ValueType => ({ kind: 'opaque', encoded: Uint8Array.from(encoded) })),
  fc
    .record({
      scales: fc.array(finite32, { minLength: 1, maxLength: 3 }),
      axis: fc.nat(3),
      symmetric: fc.boolean(),
    })
    .map(({ scales, axis, symmetric }) =>
      tensorType('int8', [scales.length], {
        storage: 'int8',
        expressed: 'float32',
        granularity: scales.length === 1 ? { kind: 'per-tensor' } : { kind: 'per-axis', axis },
        symmetric,
        scales: Float32Array.from(scales),
        zeroPoints: new Int32Array(scales.length),
      }),
    ),
);

const attributes: fc.Arbitrary<Attribute> = fc.oneof(
  fc.maxSafeInteger().map((value): Attribute => ({ kind: 'int', value })),
  fc.bigInt({ min: 2n ** 60n, max: 2n ** 63n - 1n }).map((value): Attribute => ({ kind: 'int', value })),
  fc.float().map((value): Attribute => ({ kind: 'float', value })),
  fc.string().map((value): Attribute => ({ kind: 'string', value })),
  fc.array(fc.float(), { maxLength: 3 }).map((value): Attribute => ({ kind: 'floats', value })),
  fc.array(fc.maxSafeInteger(), { maxLength: 3 }).map((value): Attribute => ({ kind: 'ints', value })),
  fc.array(fc.string(), { maxLength: 3 }).map((value): Attribute => ({ kind: 'strings', value })),
  fc.tuple(word, fc.nat(9)).map(([value, type]): Attribute => ({ kind: 'reference', value, type })),
  tensors(['float32', 'int64']).map(
    (value): Attribute => ({ kind: 'tensor', value: StoredTensor.of(value) }),
  ),
);

interface Step {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly picks: readonly (number | undefined)[];
  readonly outputs: readonly (ValueType | undefined | 'absent')[];
  readonly attributes: readonly (readonly [string, Attribute])[];
}

const steps: fc.Arbitrary<Step> = fc.record({
  op: word,
  domain: fc.oneof(fc.constant(''), word),
  name: fc.oneof(fc.constant(''), word),
  picks: fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 3 }),
  outputs: fc.array(fc.oneof(types, fc.constant('absent' as const)), { maxLength: 3 }),
  attributes: fc.uniqueArray(fc.tuple(word, attributes), { maxLength: 3, selector: ([name]) => name }),
});

function graphs(): fc.Arbitrary<Graph> {
  return fc
    .record({
      name: fc.oneof(fc.constant(''), fc.constant('opset'), word),
      inputs: fc.array(fc.tuple(word, types), { minLength: 1, maxLength: 3 }),
      constants: fc.array(fc.tuple(word, tensors(ALL_DTYPES)), { maxLength: 3 }),
      nodes: fc.array(steps, { maxLength: 4 }),
    })
    .map(({ name, inputs, constants, nodes }) => {
      const graph = new Graph(new Map([['', 21]]));
      graph.name = name;
      const known: Value[] = inputs.map(([hint, type]) => graph.addInput(graph.uniqueName(hint), type));
      for (const [hint, tensor] of constants) known.push(graph.addInitializer(hint, StoredTensor.of(tensor)));
      for (const step of nodes) addStep(graph, known, step);
      graph.outputs = known.slice(-2);
      return graph;
    });
}

function addStep(graph: Graph, known: Value[], step: Step): void {
  const outputs = step.outputs.map((type) =>
    type === 'absent' ? undefined : graph.addValue(graph.uniqueName('out'), type),
  );
  graph.addNode(unknownOp(step.domain, step.op), {
    name: step.name,
    inputs: step.picks.map((pick) => (pick === undefined ? undefined : known[pick % known.length])),
    outputs,
    attributes: new Map(step.attributes),
  });
  known.push(...outputs.filter((value) => value !== undefined));
}
