import { parse } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { modelOf, onReference, quantize, samplesOf, weights } from '../tests/run-models.js';
import { calibrateModel } from './calibrate-model.js';
import { LayerPrecisions } from './layer-precisions.js';
import { planStatic } from './plan-static.js';
import { RECIPE_DEFAULTS, type Recipe } from './recipe.js';
import { restoreCalibration } from './restore-calibration.js';

/** The plan in words: nodes computed in integers, bridges, activations (`value` or `value<source`), and declines. */
function planOf(body: string, recipe: Partial<Recipe> = {}): string {
  const graph = parse(`graph opset 17 {${body}}`);
  const plan = planStatic(graph, new LayerPrecisions(graph, { ...RECIPE_DEFAULTS, ...recipe }));
  const activations = plan.activations.map(({ value, source }) =>
    value === source ? value.name : `${value.name}<${source.name}`,
  );
  const declined = plan.decisions.filter((each) => !each.quantized);
  return [
    `compute: ${[...plan.compute.keys()].map((node) => node.label).join(' ')}`,
    `bridges: ${[...plan.bridges].map((node) => node.label).join(' ')}`,
    `activations: ${activations.join(' ')}`,
    ...declined.map((each) => `${each.node}: ${each.because}`),
  ].join('\n');
}

const W = 'const %w: float32[1, 1, 1, 1] = [0.5]';
const V = 'const %v: float32[1, 1, 1, 1] = [0.25]';
const X = 'input %x: float32[1, 1, 4, 4]';

describe('planStatic', () => {
  it('joins a Relu to the convolution before it and quantizes what convolutions read and give', () => {
    expect(
      planOf(`${X} ${W} ${V}
      %c: float32[1, 1, 4, 4] = Conv(%x, %w) @first
      %r: float32[1, 1, 4, 4] = Relu(%c)
      %y: float32[1, 1, 4, 4] = Conv(%r, %v) @second
      output %y`),
    ).toMatchInlineSnapshot(`
      "compute: first second
      bridges: 
      activations: x r y"
    `);
  });

  it('joins a Clip with constant bounds, whether or not they contain 0, but none with computed bounds', () => {
    const clipped = (low: string): string =>
      planOf(`${X} ${W} ${V}
      ${low}
      const %high: float32[] = 6.0
      %c: float32[1, 1, 4, 4] = Conv(%x, %w) @first
      %r: float32[1, 1, 4, 4] = Clip(%c, %low, %high)
      %p: float32[1, 1, 2, 2] = MaxPool(%r) {kernel_shape=[2, 2], strides=[2, 2]} @pool
      %y: float32[1, 1, 2, 2] = Conv(%p, %v) @second
      output %y`);
    expect(clipped('const %low: float32[] = 1.0')).toContain('bridges: pool\nactivations: x r p<r y');
    expect(clipped('input %low: float32[]')).toContain('bridges: \nactivations: x p y');
  });

  it('keeps a Relu apart from a convolution whose own output leaves the graph', () => {
    expect(
      planOf(`${X} ${W} ${V}
      %c: float32[1, 1, 4, 4] = Conv(%x, %w) @first
      %r: float32[1, 1, 4, 4] = Relu(%c)
      %y: float32[1, 1, 4, 4] = Conv(%r, %v) @second
      output %c, %y`),
    ).toMatchInlineSnapshot(`
      "compute: first second
      bridges: 
      activations: x r y"
    `);
  });

  it('gives what only moves elements the parameters of its source', () => {
    expect(
      planOf(`${X} ${W}
      const %shape: int64[2] = [1, 4]
      const %m: float32[4, 1] = [1.0, 2.0, 3.0, 4.0]
      %c: float32[1, 1, 4, 4] = Conv(%x, %w) @conv
      %p: float32[1, 1, 2, 2] = MaxPool(%c) {kernel_shape=[2, 2], strides=[2, 2]} @pool
      %f: float32[1, 4] = Reshape(%p, %shape) @flat
      %y: float32[1, 1] = MatMul(%f, %m) @head
      output %y`),
    ).toMatchInlineSnapshot(`
      "compute: conv head
      bridges: flat pool
      activations: x c p<c f<c"
    `);
  });

  it('carries integers through a shuffle of channels and an enlargement by the nearest neighbours', () => {
    const enlarged = (mode: string): string =>
      planOf(`${X} ${W}
      const %shape: int64[5] = [2, 1, 1, 4, 2]
      const %zero: int64[] = 0
      const %scales: float32[4] = [1.0, 1.0, 1.0, 2.0]
      %c: float32[1, 1, 4, 4] = Conv(%x, %w) @conv
      %s: float32[2, 1, 1, 4, 2] = Reshape(%c, %shape) @split
      %h: float32[1, 1, 4, 2] = Gather(%s, %zero) @half
      %r: float32[1, 1, 4, 4] = Resize(%h, _, %scales) {mode="${mode}"} @enlarge
      %y: float32[1, 1, 4, 4] = Conv(%r, %w) @second
      output %y`);
    expect(enlarged('nearest')).toMatchInlineSnapshot(`
      "compute: conv second
      bridges: enlarge half split
      activations: x c s<c h<c r<c y"
    `);
    expect(enlarged('linear')).toContain('bridges: \nactivations: x r y');
  });

  it('quantizes all parts of what is split for an integer node, and none where no integer node reads any', () => {
    const split = (reader: string): string =>
      planOf(`${X} ${W}
      const %sizes: int64[2] = [1, 3]
      %c: float32[1, 1, 4, 4] = Conv(%x, %w) @conv
      %p: float32[1, 1, 1, 4], %q: float32[1, 1, 3, 4] = Split(%c, %sizes) {axis=2} @split
      %s: float32[1, 1, 3, 4] = Sigmoid(%q)
      %y: float32[1, 1, 1, 4] = ${reader} @last
      output %s, %y`);
    expect(split('Conv(%p, %w)')).toMatchInlineSnapshot(`
      "compute: conv last
      bridges: split
      activations: x c p<c q<c y"
    `);
    expect(split('Sigmoid(%p)')).toMatchInlineSnapshot(`
      "compute: conv
      bridges: 
      activations: x c"
    `);
  });

  it('quantizes no result that a finding keeps float, but where an integer node reads it', () => {
    const graph = parse(`graph opset 17 {${X} ${W} ${V}
      %a: float32[1, 1, 4, 4] = Conv(%x, %w) @a
      %b: float32[1, 1, 4, 4] = Conv(%a, %v) @b
      %y: float32[1, 1, 4, 4] = Sigmoid(%b)
      output %y
    }`);
    const plan = planStatic(graph, new LayerPrecisions(graph, RECIPE_DEFAULTS), {
      floatResult: () => 'too wide',
    });
    expect(plan.activations.map(({ value }) => value.name)).toEqual(['x', 'a']);
    expect([...plan.inFloat].map(([node, because]) => `${node.label}: ${because}`)).toEqual(['b: too wide']);
  });

  it('leaves what a layer reads in float, or what float nodes make for one', () => {
    const body = `${X} ${W} ${V}
      %a: float32[1, 1, 4, 4] = Conv(%x, %w) @a
      %b: float32[1, 1, 4, 4] = Conv(%a, %v) @b
      %y: float32[1, 1, 4, 4] = Sigmoid(%b)
      output %y`;
    expect(planOf(body, { exclude: ['b'] })).toContain('activations: x\n');
    const normalized = body.replace('Conv(%a, %v)', 'Conv(%t, %v)').replace('%b:', '%t = Tanh(%a)\n%b:');
    expect(planOf(normalized, { exclude: ['Tanh'] })).toMatch(/activations: x t b$/);
  });

  it('keeps a residual chain in integers and gives each sum its own parameters', () => {
    expect(
      planOf(`${X} ${W} ${V}
      %a: float32[1, 1, 4, 4] = Conv(%x, %w) @a
      %b: float32[1, 1, 4, 4] = Conv(%a, %v) @b
      %s: float32[1, 1, 4, 4] = Add(%a, %b) @sum
      %r: float32[1, 1, 4, 4] = Relu(%s)
      %c: float32[1, 1, 4, 4] = Conv(%r, %w) @c
      %t: float32[1, 1, 4, 4] = Add(%c, %r) @sum2
      %y: float32[1, 1, 4, 4] = Conv(%t, %v) @d
      output %y`),
    ).toMatchInlineSnapshot(`
      "compute: a b c d
      bridges: sum2 sum
      activations: x a b r c t y"
    `);
  });

  it('leaves out bridges that lead to no integer node', () => {
    expect(
      planOf(`${X} ${W} ${V}
      %a: float32[1, 1, 4, 4] = Conv(%x, %w) @a
      %b: float32[1, 1, 4, 4] = Conv(%a, %v) @b
      %p: float32[1, 1, 2, 2] = MaxPool(%b) {kernel_shape=[2, 2], strides=[2, 2]} @pool
      %y: float32[1, 1, 2, 2] = Softmax(%p) {axis=-1}
      output %y`),
    ).toMatchInlineSnapshot(`
      "compute: a b
      bridges: 
      activations: x a b"
    `);
  });

  it('obeys include and exclude lists by name, op and output', () => {
    const body = `${X} ${W} ${V}
      %a: float32[1, 1, 4, 4] = Conv(%x, %w) @stem/conv
      %b: float32[1, 1, 4, 4] = Conv(%a, %v) @body/conv
      %y: float32[1, 1, 4, 4] = Conv(%b, %v) @head/conv
      output %y`;
    expect(planOf(body, { exclude: ['head/*'] })).toContain('compute: stem/conv body/conv\n');
    expect(planOf(body, { include: ['b'] })).toContain('compute: body/conv\n');
    expect(planOf(body, { include: ['Conv'], exclude: ['?tem/conv'] })).toContain(
      'compute: body/conv head/conv\n',
    );
    expect(planOf(body, { exclude: ['head/*'] })).toContain('head/conv: excluded by head/*');
    expect(planOf(body, { include: ['b'] })).toContain('stem/conv: not in the include list');
  });

  it('does not carry integers through an excluded bridge, and quantizes anew after it', () => {
    const body = `${X} ${W} ${V}
      %a: float32[1, 1, 4, 4] = Conv(%x, %w) @a
      %p: float32[1, 1, 2, 2] = MaxPool(%a) {kernel_shape=[2, 2], strides=[2, 2]} @pool
      %y: float32[1, 1, 2, 2] = Conv(%p, %v) @b
      output %y`;
    expect(planOf(body)).toContain('bridges: pool\nactivations: x a p<a y');
    expect(planOf(body, { exclude: ['pool'] })).toContain('bridges: \nactivations: x p y');
  });

  it('says why a node stays float', () => {
    expect(
      planOf(`input %x: float32[2, 3]
      input %z: float32[3, 2]
      input %wi: float32[3, 2] = [1, 2, 3, 4, 5, 6]
      const %w: float32[3, 2] = [1, 2, 3, 4, 5, 6]
      const %t: float32[2, 2] = [1, 2, 3, 4]
      const %square: float32[2, 2] = [1, 2, 3, 4]
      const %w3: float32[1, 3, 2] = [1, 2, 3, 4, 5, 6]
      %a: float32[2, 2] = MatMul(%x, %z) @dynamic
      %b: float32[2, 2] = Gemm(%x, %w) {alpha=0.5} @alpha
      %c: float32[2, 2] = Gemm(%x, %w, %square) @matrix-bias
      %d: float32[3, 2] = Gemm(%x, %t) {transA=1} @transposed
      %e: float32[2, 2] = Gemm(%x, %w, %a) @computed-bias
      %f: float32[1, 2, 2] = MatMul(%x, %w3) @rank3
      %g: float32[2, 2] = MatMul(%x, %wi) @overridable
      %h: float32[2, 2] = MatMul(%w, %t) @constant
      %i: float32[2, 2] = MatMul(%x, %w) @good
      output %a, %b, %c, %d, %e, %f, %g, %h, %i`),
    ).toMatchInlineSnapshot(`
      "compute: good
      bridges: 
      activations: x
      dynamic: weights are not constant
      alpha: alpha 0.5 and beta 1 are not 1
      matrix-bias: its bias is not one number a column
      transposed: its data input is transposed
      computed-bias: its bias is not one number a column
      rank3: weights of rank 3, not 2
      overridable: its weights are an input of the graph
      constant: its data input is constant"
    `);
  });
});

describe('a statically quantized graph', () => {
  it('has Q/DQ pairs around integer nodes, an int32 bias without zero point, and the names it had', async () => {
    const { text } = await quantize(
      modelOf(`graph opset 11 {
      input %x: float32[1, 1, 2, 2]
      const %w: float32[2, 1, 1, 1] = [0.5, -0.25]
      const %b: float32[2] = [0.125, 1]
      const %v: float32[1, 2, 1, 1] = [1, 1]
      %c = Conv(%x, %w, %b) @first
      %r = Relu(%c)
      %y = Conv(%r, %v) @second
      output %y
    }`),
      {},
      { calibration: [{ feeds: feedOf([-1, 0, 1, 1.55]) }] },
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 13 {
        input %x: float32[1, 1, 2, 2]
        const %w_quantized: int8[2, 1, 1, 1] = [1, -1]
        const %w_scale: float32[2] = [0.5, 0.25]
        const %w_zero_point: int8[2] = [0, 0]
        const %b_c_quantized: int32[2] = [25, 400]
        const %b_c_scale: float32[2] = [0.005, 0.0025]
        const %v_quantized: int8[1, 2, 1, 1] = [1, 1]
        const %v_scale: float32[1] = [1]
        const %v_zero_point: int8[1] = [0]
        const %x_scale: float32[] = 0.01
        const %x_zero_point: uint8[] = 100
        const %r_scale: float32[] = 0.004901961
        const %r_zero_point: uint8[] = 0
        const %y_scale: float32[] = 0.0059313728
        const %y_zero_point: uint8[] = 0
        %w_dequantized: float32[2, 1, 1, 1] = DequantizeLinear(%w_quantized, %w_scale, %w_zero_point) {axis=0} @w_DequantizeLinear
        %b_c_dequantized: float32[2] = DequantizeLinear(%b_c_quantized, %b_c_scale) {axis=0} @b_c_DequantizeLinear
        %v_dequantized: float32[1, 2, 1, 1] = DequantizeLinear(%v_quantized, %v_scale, %v_zero_point) {axis=0} @v_DequantizeLinear
        %x_quantized: uint8[1, 1, 2, 2] = QuantizeLinear(%x, %x_scale, %x_zero_point) @x_QuantizeLinear
        %x_dequantized: float32[1, 1, 2, 2] = DequantizeLinear(%x_quantized, %x_scale, %x_zero_point) @x_DequantizeLinear
        %c: float32[1, 2, 2, 2] = Conv(%x_dequantized, %w_dequantized, %b_c_dequantized) @first
        %r: float32[1, 2, 2, 2] = Relu(%c)
        %r_quantized: uint8[1, 2, 2, 2] = QuantizeLinear(%r, %r_scale, %r_zero_point) @r_QuantizeLinear
        %r_dequantized: float32[1, 2, 2, 2] = DequantizeLinear(%r_quantized, %r_scale, %r_zero_point) @r_DequantizeLinear
        %y_float: float32[1, 1, 2, 2] = Conv(%r_dequantized, %v_dequantized) @second
        %y_quantized: uint8[1, 1, 2, 2] = QuantizeLinear(%y_float, %y_scale, %y_zero_point) @y_QuantizeLinear
        %y: float32[1, 1, 2, 2] = DequantizeLinear(%y_quantized, %y_scale, %y_zero_point) @y_DequantizeLinear
        output %y
      }
      "
    `);
  });

  it('shares the integers of a weight that two layers share, and keeps the float weight for float readers', async () => {
    const { text } = await quantize(
      modelOf(`graph opset 17 {
      input %x: float32[2, 4]
      ${weights('w', [4, 4], 1, 4)}
      %a: float32[2, 4] = MatMul(%x, %w) @a
      %b: float32[2, 4] = MatMul(%a, %w) @b
      %m: float32[2, 4] = MatMul(%b, %w) @float
      output %m, %w
    }`),
      { exclude: ['float'] },
    );
    expect(text.match(/const %w\w*: int8\[4, 4\]/g)).toEqual(['const %w_quantized: int8[4, 4]']);
    expect(text).toContain('const %w: float32[4, 4]');
    expect(text).toMatch(/output %m, %w\n/);
  });

  it('says which convolutions onnxruntime computes in float, and why', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 2, 5, 5]
      ${weights('w', [3, 2, 3, 3], 1, 18)}
      ${weights('v', [2, 2, 2, 2], 2, 8)}
      %y = Conv(%x, %w) @conv
      %z = ConvTranspose(%x, %v) @transposed
      output %y, %z
    }`);
    const { report } = await quantize(source);
    expect(report.decisions.map(({ node, because }) => `${node}: ${because}`)).toEqual([
      'conv: int8 per-channel weights',
      'transposed: int8 per-channel weights; float in onnxruntime: it has no integer ConvTranspose',
    ]);
    const calibration = await calibrateModel(source, samplesOf(source.graph, 2), {
      createSession: onReference,
    });
    const state = calibration.toJSON();
    const values = Object.fromEntries(Object.entries(state.values).filter(([name]) => name !== 'y'));
    const old = await quantize(source, {}, { calibration: restoreCalibration({ ...state, values }) });
    expect(old.text).toContain('%y: float32[1, 3, 3, 3] = Conv(');
    expect(old.report.decisions[0]?.because).toBe(
      'int8 per-channel weights; float in onnxruntime: its result is not in the calibration',
    );
    expect(old.report.warnings).toEqual([
      'onnxruntime dequantizes the weights of these nodes and computes in float: conv, transposed.',
    ]);
  });

  it('keeps a result in float that is too wide for its integers', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 1, 4, 4]
      const %w: float32[2, 1, 1, 1] = [1, 100]
      %c = Conv(%x, %w) @conv
      %y = Sigmoid(%c)
      output %y
    }`);
    const { report } = await quantize(source, { leastSqnr: 38 });
    expect(report.decisions[0]?.because).toMatch(
      /float in onnxruntime: its result would have [\d.]+ dB in uint8$/,
    );
  });

  it('names the node whose weights are not finite', async () => {
    const model = modelOf(`graph opset 17 {
      input %x: float32[2, 2]
      const %w: float32[2, 2] = [1, 2, nan, 4]
      %y = MatMul(%x, %w) @broken
      output %y
    }`);
    await expect(quantize(model)).rejects.toMatchObject({
      code: 'WEIGHTS_NOT_FINITE',
      where: 'node broken',
    });
  });
});

function feedOf(values: readonly number[]) {
  return { x: float32(values, [1, 1, 2, 2]) };
}
