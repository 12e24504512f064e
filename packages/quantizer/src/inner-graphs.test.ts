import { type Graph, inferTypes, type Model, verify } from '@octavo/core/ir';
import { float32, fromNumbers, type Tensor } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  modelOf,
  normals,
  quantize as quantizeWith,
  runOnOnnxRuntime,
  runOnReference,
  sqnrOf,
  weights,
} from '../tests/run-models.js';
import { allNodes } from './all-nodes.js';
import type { CalibrationSample } from './calibrate.js';
import type { LayerRule } from './layer-rule.js';
import type { Recipe } from './recipe.js';

/** Both branches and the graph around them read `w`; one branch has a weight of its own. */
const BRANCHES = `graph opset 17 {
  input %flag: bool[]
  input %x: float32[2, 64]
  ${weights('w', [64, 64], 1, 64)}
  %y = If(%flag) {
    then_branch=graph then(%a = %x, %b = %w) {
      ${weights('v', [64, 64], 2, 64)}
      %t1 = MatMul(%a, %v) @own
      %t = MatMul(%t1, %b) @then
      output %t
    },
    else_branch=graph else(%c = %x, %d = %w) {
      %e = MatMul(%c, %d) @else
      %f = Neg(%e)
      output %f
    }
  } @choice
  %z = MatMul(%y, %w) @outer
  output %z
}`;

/** Two graphs deep: an If in a Loop, whose branch reads a weight of the model's own graph. */
const NESTED = `graph opset 17 {
  input %flag: bool[]
  input %x: float32[2, 64]
  const %rounds: int64[] = 3
  ${weights('w', [64, 64], 1, 64)}
  %z = Loop(%rounds, _, %x) {body=graph body(%k = %w, %f = %flag) {
    input %i: int64[]
    input %going: bool[]
    input %s: float32[2, 64]
    %on = Identity(%going)
    %t = If(%f) {
      then_branch=graph then(%a = %s, %b = %k) { %m = MatMul(%a, %b) @deep output %m },
      else_branch=graph else(%c = %s) { %n = Neg(%c) output %n }
    } @choice
    output %on, %t
  }} @loop
  output %z
}`;

/** What it reads of its graph is a weight alone: all else comes as states and slices. */
const SCANNED = `graph opset 17 {
  input %flag: bool[]
  input %x: float32[2, 64]
  ${weights('w', [64, 64], 1, 64)}
  %start = Identity(%x)
  %final, %z = Scan(%start, %x) {num_scan_inputs=1, body=graph body(%k = %w) {
    input %s: float32[2, 64]
    input %row: float32[64]
    %m = MatMul(%row, %k) @step
    %next = Add(%s, %m)
    output %next, %m
  }} @scan
  output %z
}`;

const LSTM = `graph opset 17 {
  input %flag: bool[]
  input %x: float32[3, 2, 64]
  ${weights('r', [256, 64], 2, 64)}
  %y = If(%flag) {
    then_branch=graph then(%a = %x, %k = %r) {
      ${weights('w', [1, 256, 64], 1, 64)}
      const %first: int64[1] = [0]
      %u = Unsqueeze(%k, %first)
      %h = LSTM(%a, %w, %u) {hidden_size=64} @cell
      output %h
    },
    else_branch=graph else(%c = %x) {
      const %axes: int64[1] = [1]
      %e = Unsqueeze(%c, %axes)
      output %e
    }
  } @choice
  output %y
}`;

const ROWS = `graph opset 17 {
  input %flag: bool[]
  input %x: int64[3]
  ${weights('table', [64, 32], 1, 4)}
  %y = If(%flag) {
    then_branch=graph then(%i = %x, %t = %table) { %g = Gather(%t, %i) @rows output %g },
    else_branch=graph else(%i = %x, %t = %table) { %g = Gather(%t, %i) @again %n = Neg(%g) output %n }
  } @choice
  output %y
}`;

function inputOf({ graph }: Model): Tensor {
  const { shape = [], dtype } = graph.value('x') ?? {};
  const dims = shape.map(Number);
  if (dtype === 'int64') return fromNumbers('int64', dims, [0, 63, 7]);
  return float32(
    normals(
      dims.reduce((a, b) => a * b),
      5,
    ),
    dims,
  );
}

const quantize = (source: Model, recipe: Partial<Recipe>) =>
  quantizeWith(source, recipe, { calibration: samplesOf(source) });

/** Both ways through a model. */
function samplesOf(source: Model): CalibrationSample[] {
  return [1, 0].map((taken) => ({ feeds: { flag: fromNumbers('bool', [], [taken]), x: inputOf(source) } }));
}

/** Expects both ways through a model to be near those of its source, and onnxruntime to agree. */
async function expectNear(source: Model, model: Model, least: number): Promise<void> {
  verify(model.graph);
  inferTypes(model.graph);
  for (const { feeds } of samplesOf(source)) {
    const ours = await runOnReference(model, feeds);
    expect(sqnrOf(await runOnReference(source, feeds), ours)).toBeGreaterThan(least);
    expect(sqnrOf(ours, await runOnOnnxRuntime(model, feeds))).toBeGreaterThan(30);
  }
}

function graphsOf(graph: Graph): Graph[] {
  const inner = graph.nestingNodes.flatMap((node) => node.subgraphs.map((each) => each.graph));
  return [graph, ...inner.flatMap(graphsOf)];
}

function initializersOf(graph: Graph): string[] {
  return graphsOf(graph)
    .flatMap(({ initializers }) => initializers.map(({ name }) => name))
    .sort();
}

interface ModeCase {
  readonly recipe: Partial<Recipe>;
  readonly least: number;
  /** How often a weight that three graphs read is there in integers. */
  readonly copies: number;
}

const PER_CHANNEL: LayerRule = {
  ops: ['MatMul'],
  weights: { dtype: 'int8', granularity: 'per-channel' },
};

const MODES: readonly ModeCase[] = [
  { recipe: { mode: 'dynamic' }, least: 30, copies: 1 },
  { recipe: { mode: 'weight-only', weights: 'int8' }, least: 35, copies: 1 },
  { recipe: { mode: 'weight-only', weights: 'int4' }, least: 10, copies: 1 },
  { recipe: { mode: 'weight-only', weights: 'int4', weightOnlyFormat: 'qdq' }, least: 10, copies: 3 },
  { recipe: { mode: 'weight-only', layers: [PER_CHANNEL] }, least: 35, copies: 3 },
];

describe.each(MODES)('quantization inside If and Loop: $recipe', ({ recipe, least, copies }) => {
  it('reaches every branch, and keeps what it made of a weight where the weight was', async () => {
    const source = modelOf(BRANCHES);
    const { model, report } = await quantize(source, recipe);
    expect(report.decisions.map(({ node, quantized }) => [node, quantized])).toEqual([
      ['outer', true],
      ['own', true],
      ['then', true],
      ['else', true],
    ]);
    const names = initializersOf(model.graph);
    expect(names).not.toContain('w');
    expect(names).not.toContain('v');
    expect(names.filter((name) => /_(quantized|packed)$/.test(name))).toHaveLength(copies + 1);
    await expectNear(source, model, least);
  });

  it.each([
    ['graphs of graphs', NESTED, 'deep'],
    ['what Scan repeats', SCANNED, 'step'],
  ])('reaches %s', async (_, text, node) => {
    const source = modelOf(text);
    const { model, report } = await quantize(source, recipe);
    expect(report.decisions).toMatchObject([{ node, quantized: true }]);
    expect(initializersOf(model.graph)).not.toContain('w');
    await expectNear(source, model, least);
  });

  it('leaves what is excluded by name, wherever it is, and knows when nothing is left', async () => {
    const { model, report } = await quantize(modelOf(BRANCHES), { ...recipe, exclude: ['then', 'outer'] });
    expect(report.warnings).toEqual([]);
    expect(report.decisions.filter(({ quantized }) => quantized).map(({ node }) => node)).toEqual([
      'own',
      'else',
    ]);
    expect(initializersOf(model.graph)).toContain('w');
    const all = { ...recipe, exclude: ['own', 'then', 'outer', 'else'] };
    expect(await codeOf(quantize(modelOf(BRANCHES), all))).toBe('NOTHING_TO_QUANTIZE');
    expect(
      (await quantize(modelOf(BRANCHES), { ...recipe, include: ['own'] })).report.decisions,
    ).toMatchObject([
      { node: 'outer', quantized: false },
      { node: 'own', quantized: true },
      { node: 'then', quantized: false },
      { node: 'else', quantized: false },
    ]);
  });

  it.each<[string, Partial<Recipe>]>([
    ['by name', { exclude: ['choice'] }],
    ['by op', { exclude: ['If'] }],
    ['between values', { exclude: ['x..y'] }],
    ['by a rule', { layers: [{ ops: ['If'], keepFloat: true }] }],
    ['by a rule between values', { layers: [{ from: ['x'], to: ['y'], keepFloat: true }] }],
  ])('leaves the graphs of a node excluded %s', async (_, kept) => {
    const source = modelOf(BRANCHES);
    const layers = [...(recipe.layers ?? []), ...(kept.layers ?? [])];
    const { model, report } = await quantize(source, { ...recipe, ...kept, layers });
    expect(report.warnings).toEqual([]);
    expect(report.decisions.map(({ node, quantized }) => [node, quantized])).toEqual([
      ['choice', false],
      ['outer', true],
    ]);
    expect(initializersOf(model.graph)).toEqual(expect.arrayContaining(['v', 'w']));
    await expectNear(source, model, least);
  });

  it.each([
    ['LSTM', LSTM, 'cell'],
    ['rows of an embedding', ROWS, 'rows'],
  ])('reaches %s', async (_, text, name) => {
    const source = modelOf(text);
    const { model, report } = await quantize(source, { ...recipe, weights: 'int8' });
    expect(report.decisions.find(({ node }) => node === name)?.quantized).toBe(true);
    expect(initializersOf(model.graph).filter((each) => ['w', 'r', 'table'].includes(each))).toEqual([]);
    await expectNear(source, model, 25);
  });
});

describe('graphs inside of others', () => {
  it('stay float in static mode, which says so', async () => {
    const source = modelOf(`graph opset 17 {
      input %flag: bool[]
      input %x: float32[2, 64]
      ${weights('w', [64, 64], 1, 64)}
      %m = MatMul(%x, %w) @outer
      %y = If(%flag) {
        then_branch=graph then(%a = %m, %b = %w) { %t = MatMul(%a, %b) @inner output %t },
        else_branch=graph else(%c = %m) { %e = Neg(%c) output %e }
      } @choice
      output %y
    }`);
    const { report } = await quantize(source, { mode: 'static' });
    expect(report.warnings).toEqual([
      'the graphs inside choice (If) stay float (layers: 1): calibration observes no values there. Use --mode dynamic, weight-only or fp16.',
    ]);
  });

  it.each([
    ['matmulnbits', 1],
    ['qdq', 3],
  ] as const)(
    'share what the graph around them learns of a weight, in %s, and round their own to the nearest',
    async (weightOnlyFormat, copies) => {
      const recipe = { mode: 'weight-only', weights: 'int4', blockSize: 32, weightOnlyFormat } as const;
      const learned = await quantize(modelOf(BRANCHES), recipe);
      expect(
        learned.report.decisions.map(({ node, because }) => [node, /rounded by gptq/.test(because)]),
      ).toEqual([
        ['outer', true],
        ['own', false],
        ['then', true],
        ['else', true],
      ]);
      const plain = await quantize(modelOf(BRANCHES), { ...recipe, rounding: 'nearest' });
      const stored = async ({ graph }: Model, weight: RegExp) => {
        const made = graphsOf(graph).flatMap(({ initializers }) => initializers);
        const found = made.filter(({ name }) => /_(packed|quantized)$/.test(name) && weight.test(name));
        return Promise.all(found.map(async ({ constant }) => (await constant?.load())?.bytes));
      };
      const [own, near] = [await stored(learned.model, /^v_/), await stored(plain.model, /^v_/)];
      const [shared, others] = [await stored(learned.model, /^[^v]/), await stored(plain.model, /^[^v]/)];
      expect([own.length, shared.length]).toEqual([1, copies]);
      expect(own).toEqual(near);
      for (const each of shared) {
        expect(each).toEqual(shared[0]);
        expect(each).not.toEqual(others[0]);
      }
    },
  );

  it('take no weight of theirs for one around them of the same name', async () => {
    const source = modelOf(BRANCHES);
    const branch = graphsOf(source.graph).find((graph) => graph.value('v'));
    const own = branch?.value('v');
    if (!branch || !own) throw new Error('a branch has a weight of its own');
    branch.rename(own, 'w');
    const { report } = await quantize(source, { mode: 'weight-only', weights: 'int4', blockSize: 32 });
    expect(report.decisions.find(({ node }) => node === 'own')?.because).not.toContain('rounded');
  });

  it('give values names that those around them have not', async () => {
    const { model } = await quantize(modelOf(BRANCHES), { mode: 'dynamic' });
    const outer = new Set(model.graph.values.map(({ name }) => name));
    const inner = model.graph.nestingNodes.flatMap((node) => node.subgraphs.map((each) => each.graph));
    for (const graph of inner) {
      const captures = new Set(graph.captures);
      for (const value of graph.values) if (!captures.has(value)) expect(outer.has(value.name)).toBe(false);
    }
    expect(allNodes(model.graph).filter(({ op }) => op.name === 'MatMulInteger')).toHaveLength(4);
  });
});
