import { parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { foldQdq } from './index.js';

async function fold(text: string) {
  const graph = parse(text);
  const [record] = await runPasses(graph, [foldQdq], { verify: true });
  return { text: print(graph), declined: record?.declined ?? [], fired: record?.fired ?? [], graph };
}

const QPARAMS = `
  const %xs: float32[] = 0.5
  const %xz: uint8[] = 128
  const %ws: float32[2] = [0.25, 0.5]
  const %wz: int8[2] = [0, 0]
  const %bs: float32[2] = [0.125, 0.25]
  const %ys: float32[] = 0.1
  const %yz: uint8[] = 0
  const %w: int8[2, 1, 1, 1] = [3, -4]
  const %b: int32[2] = [10, -20]`;

const CONV = `
  input %x: float32[1, 1, 2, 2]
  ${QPARAMS}
  %xq = QuantizeLinear(%x, %xs, %xz)
  %xd = DequantizeLinear(%xq, %xs, %xz)
  %wd = DequantizeLinear(%w, %ws, %wz) {axis=0}
  %bd = DequantizeLinear(%b, %bs) {axis=0}`;

const OUT = `
  %yq = QuantizeLinear(%y, %ys, %yz)
  %yd = DequantizeLinear(%yq, %ys, %yz)
  output %yd`;

describe('fold-qdq', () => {
  it('folds a convolution with per-channel weights and int32 bias', async () => {
    const { text } = await fold(`graph opset 21 {${CONV}
      %y = Conv(%xd, %wd, %bd) {kernel_shape=[1, 1]} @conv
      ${OUT}
    }`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[1, 1, 2, 2]
        const %xs: float32[] = 0.5
        const %xz: uint8[] = 128
        const %ys: float32[] = 0.1
        const %yz: uint8[] = 0
        const %w: int8[2, 1, 1, 1] quantized(scale [0.25, 0.5], zero [0, 0], axis 0, symmetric) = [3, -4]
        const %b: int32[2] quantized(scale [0.125, 0.25], zero [0, 0], axis 0, symmetric) = [10, -20]
        %xq: uint8[1, 1, 2, 2] quantized(scale 0.5, zero 128, symmetric) = QuantizeLinear(%x, %xs, %xz)
        %y: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 0) = Conv(%xq, %w, %b) {kernel_shape=[1, 1]} @conv
        %yd: float32[1, 2, 2, 2] = DequantizeLinear(%y, %ys, %yz)
        output %yd
      }
      "
    `);
  });

  it('quantizes a node where it is, and leaves out results that nobody reads', async () => {
    const graph = parse(`graph opset 21 {${CONV}
      const %sizes: int64[2] = [1, 1]
      %y, %rest = Split(%xd, %sizes) {axis=2} @split
      ${OUT}
    }`);
    const split = graph.nodes.find(({ name }) => name === 'split');
    await runPasses(graph, [foldQdq], { verify: true });
    expect(graph.nodes).toContain(split);
    expect(split?.output).toBe(graph.value('y'));
    expect(split?.output?.quantized?.scales).toEqual(Float32Array.of(0.1));
    expect(split?.outputs[1]).toBeUndefined();
    expect(graph.value('rest')).toBeUndefined();
  });

  it('removes a node whose integers nobody reads', async () => {
    const { text } = await fold(`graph opset 21 {${CONV}
      %wider = Mul(%xd, %xd)
      %unread = QuantizeLinear(%wider, %ys, %yz)
      output %xd
    }`);
    expect(text).not.toMatch(/wider|unread/);
  });

  it('lets a Relu vanish where the zero point is the smallest integer', async () => {
    const { text } = await fold(`graph opset 21 {${CONV}
      %c = Conv(%xd, %wd, %bd)
      %y = Relu(%c)
      ${OUT}
    }`);
    expect(text).not.toContain('Relu');
    expect(text).toContain('%y: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 0) = Conv(%xq, %w, %b)');
  });

  it('moves a Relu behind the quantization where it clamps more than the range', async () => {
    const { text } = await fold(`graph opset 21 {${CONV}
      %c = Conv(%xd, %wd, %bd)
      %y = Relu(%c)
      %yq = QuantizeLinear(%y, %ys, %xz)
      %yd = DequantizeLinear(%yq, %ys, %xz)
      output %yd
    }`);
    expect(text).toContain(
      '%c: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 128, symmetric) = Conv(%xq, %w, %b)',
    );
    expect(text).toContain('%y: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 128, symmetric) = Relu(%c)');
  });

  it.each([
    ['6.0', 'vanishes', 0.02],
    ['30.0', 'stays', 0.2],
  ])('a Clip to %s %s at its scale', async (high, outcome, scale) => {
    const { text } = await fold(`graph opset 21 {${CONV}
      const %low: float32[] = 0
      const %high: float32[] = ${high}
      const %cs: float32[] = ${scale}
      %c = Conv(%xd, %wd, %bd)
      %y = Clip(%c, %low, %high)
      %yq = QuantizeLinear(%y, %cs, %yz)
      %yd = DequantizeLinear(%yq, %cs, %yz)
      output %yd
    }`);
    expect(text.includes('Clip')).toBe(outcome === 'stays');
  });

  it('folds consumers of one shared DequantizeLinear each for itself', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[2]
      ${QPARAMS}
      %xq = QuantizeLinear(%x, %xs, %xz)
      %xd = DequantizeLinear(%xq, %xs, %xz)
      %s = Sigmoid(%xd)
      %sq = QuantizeLinear(%s, %ys, %yz)
      %sd = DequantizeLinear(%sq, %ys, %yz)
      %y = Mul(%xd, %sd)
      ${OUT}
    }`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[2]
        const %xs: float32[] = 0.5
        const %xz: uint8[] = 128
        const %ws: float32[2] = [0.25, 0.5]
        const %wz: int8[2] = [0, 0]
        const %bs: float32[2] = [0.125, 0.25]
        const %ys: float32[] = 0.1
        const %yz: uint8[] = 0
        const %w: int8[2, 1, 1, 1] = [3, -4]
        const %b: int32[2] = [10, -20]
        %xq: uint8[2] quantized(scale 0.5, zero 128, symmetric) = QuantizeLinear(%x, %xs, %xz)
        %s: uint8[2] quantized(scale 0.1, zero 0) = Sigmoid(%xq)
        %y: uint8[2] quantized(scale 0.1, zero 0) = Mul(%xq, %s)
        %yd: float32[2] = DequantizeLinear(%y, %ys, %yz)
        output %yd
      }
      "
    `);
  });

  it('joins back-to-back pairs with equal qparams', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[2]
      ${QPARAMS}
      %a = QuantizeLinear(%x, %xs, %xz)
      %b2 = DequantizeLinear(%a, %xs, %xz)
      %c = QuantizeLinear(%b2, %xs, %xz)
      %y = DequantizeLinear(%c, %xs, %xz)
      output %y
    }`);
    expect(text.match(/QuantizeLinear/g)).toHaveLength(1);
    expect(text.match(/DequantizeLinear/g)).toHaveLength(1);
  });

  it('drops a Relu between equal qparams whose range does the same', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[2]
      ${QPARAMS}
      %a = QuantizeLinear(%x, %ys, %yz)
      %d = DequantizeLinear(%a, %ys, %yz)
      %r = Relu(%d)
      %c = QuantizeLinear(%r, %ys, %yz)
      %y = DequantizeLinear(%c, %ys, %yz)
      output %y
    }`);
    expect(text).not.toContain('Relu');
    expect(text).toContain('%y: float32[2] = DequantizeLinear(%a, %ys, %yz)');
  });

  it('quantizes float weights that stand before their own QuantizeLinear, and transposes them once', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[1, 2]
      ${QPARAMS}
      const %wf: float32[3, 2] = [1, 2, 3, 4, 5, 6]
      const %w3: float32[3] = [0.5, 1, 2]
      const %z3: int8[3] = [0, 0, 0]
      %xq = QuantizeLinear(%x, %xs, %xz)
      %xd = DequantizeLinear(%xq, %xs, %xz)
      %wq = QuantizeLinear(%wf, %w3, %z3) {axis=0}
      %wd = DequantizeLinear(%wq, %w3, %z3) {axis=0}
      %wt = Transpose(%wd) {perm=[1, 0]}
      %y = MatMul(%xd, %wt)
      ${OUT}
    }`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[1, 2]
        const %xs: float32[] = 0.5
        const %xz: uint8[] = 128
        const %ws: float32[2] = [0.25, 0.5]
        const %wz: int8[2] = [0, 0]
        const %bs: float32[2] = [0.125, 0.25]
        const %ys: float32[] = 0.1
        const %yz: uint8[] = 0
        const %w: int8[2, 1, 1, 1] = [3, -4]
        const %b: int32[2] = [10, -20]
        const %wq_2: int8[2, 3] quantized(scale [0.5, 1, 2], zero [0, 0, 0], axis 1, symmetric) = [2, 3, 2, 4, 4, 3]
        %xq: uint8[1, 2] quantized(scale 0.5, zero 128, symmetric) = QuantizeLinear(%x, %xs, %xz)
        %y: uint8[1, 3] quantized(scale 0.1, zero 0) = MatMul(%xq, %wq_2)
        %yd: float32[1, 3] = DequantizeLinear(%y, %ys, %yz)
        output %yd
      }
      "
    `);
  });

  it('carries types through data movement on integers', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[1, 4]
      ${QPARAMS}
      const %shape: int64[2] = [2, 2]
      %xq = QuantizeLinear(%x, %xs, %xz)
      %r = Reshape(%xq, %shape)
      %rd = DequantizeLinear(%r, %xs, %xz)
      %y = Tanh(%rd)
      ${OUT}
    }`);
    expect(text).toContain(
      '%r: uint8[2, 2] quantized(scale 0.5, zero 128, symmetric) = Reshape(%xq, %shape)',
    );
    expect(text).toContain('= Tanh(%r)');
  });

  it('leaves integers alone that MaxPool compares under a negative scale', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[1, 1, 1, 4]
      const %s: float32[] = -0.5
      const %z: int8[] = 0
      %q = QuantizeLinear(%x, %s, %z)
      %p = MaxPool(%q) {kernel_shape=[1, 2], strides=[1, 2]}
      %y = DequantizeLinear(%p, %s, %z)
      output %y
    }`);
    expect(text).not.toContain('quantized(');
  });

  it.each([
    ['%y = Conv(%xd, %wd, %bf)\nconst %bf: float32[2] = [1, 2]', 'its input bf is not quantized'],
    ['%y = Conv(%xd, %wf)\nconst %wf: float32[2, 1, 1, 1] = [1, 2]', 'its input wf is not quantized'],
    [
      '%y = Conv(%xd, %wd, %bw)\n%bw = DequantizeLinear(%b, %xs)',
      'the scale of its bias is 0.5 in channel 0, its products have 0.125',
    ],
    ['%y = Sigmoid(%xd)\n%z = Neg(%y)\noutput %z', 'its output y is read in float by Neg(z)'],
    ['%y = Sigmoid(%xd)\noutput %y', 'its output y leaves the graph in float'],
    [
      '%y = Sigmoid(%xd)\n%z = QuantizeLinear(%y, %xs, %xz)\noutput %z',
      'its output y is quantized in several ways',
    ],
  ])('declines %s', async (body, reason) => {
    const { text, declined } = await fold(`graph opset 21 {${CONV}
      ${body}
      ${OUT}
    }`);
    expect(declined.map((each) => each.reason)).toContain(reason);
    expect(text).toMatch(/%y: float32\[1, \d, 2, 2\] = (Conv\(%xd, %w|Sigmoid\(%xd)/);
  });

  it('declines a bias with a scale for each output where groups share those of the weights', async () => {
    const { declined } = await fold(`graph opset 21 {
      input %x: uint8[1, 2, 1, 1]
      const %xs: float32[] = 0.5
      const %w: int8[2, 2, 1, 1] = [1, 2, 3, 4]
      const %ws: float32[2] = [0.5, 0.25]
      const %b: int32[4] = [1, 2, 3, 4]
      const %bs: float32[4] = [0.25, 0.125, 0.25, 0.125]
      %xd = DequantizeLinear(%x, %xs)
      %wd = DequantizeLinear(%w, %ws) {axis=1}
      %bd = DequantizeLinear(%b, %bs) {axis=0}
      %y = ConvTranspose(%xd, %wd, %bd) {group=2}
      %q = QuantizeLinear(%y, %xs)
      output %q
    }`);
    expect(declined.map((each) => each.reason)).toContain(
      'the scales of its bias are not those of its weights',
    );
  });

  it.each([
    ['read in float', '%z = Neg(%y)\noutput %z'],
    ['an output of the graph', 'output %y'],
    ['quantized in several ways', '%z = QuantizeLinear(%y, %xs, %xz)\noutput %z'],
  ])('gives float sums of a product with constant weights whose output is %s', async (_, use) => {
    const { text } = await fold(`graph opset 21 {${CONV}
      %y = Conv(%xd, %wd, %bd)
      ${use}
      ${OUT}
    }`);
    expect(text).toContain('%y: float32[1, 2, 2, 2] = Conv(%xq, %w, %b)');
  });

  it('leaves a product of two activations in float where nothing quantizes it', async () => {
    const { text, declined } = await fold(`graph opset 21 {
      input %x: float32[2, 2]
      ${QPARAMS}
      %xq = QuantizeLinear(%x, %xs, %xz)
      %xd = DequantizeLinear(%xq, %xs, %xz)
      %y = MatMul(%xd, %xd)
      output %y
    }`);
    expect(text).toContain('= MatMul(%xd, %xd)');
    expect(declined.map((each) => each.reason)).toContain('its output y leaves the graph in float');
  });

  it('leaves integers plain that another node reads as integers', async () => {
    const { text, declined } = await fold(`graph opset 21 {${CONV}
      %y = Conv(%xd, %wd, %bd)
      %i = ConvInteger(%xq, %w)
      output %i
      ${OUT}
    }`);
    expect(declined.map((each) => each.reason)).toContain('ConvInteger(i) reads or gives plain integers');
    expect(text).toContain('%xq: uint8[1, 1, 2, 2] = QuantizeLinear');
  });

  it('refuses a scale that is not finite and names the tensor', async () => {
    await expect(
      fold(`graph opset 21 {
        input %x: float32[2]
        const %s: float32[] = nan
        %q = QuantizeLinear(%x, %s)
        %y = DequantizeLinear(%q, %s)
        output %y
      }`),
    ).rejects.toMatchObject({ code: 'QDQ_SCALE', message: expect.stringContaining('tensor s') });
  });

  it('leaves a value that two outputs of the graph are quantized from', async () => {
    const { text } = await fold(`graph opset 21 {${CONV}
      %y = Conv(%xd, %wd, %bd) {kernel_shape=[1, 1]} @conv
      %first = QuantizeLinear(%y, %ys, %yz)
      %second = QuantizeLinear(%y, %ys, %yz)
      output %first
      output %second
    }`);
    expect(text).toContain(
      '%first: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 0) = QuantizeLinear(%y, %ys, %yz)',
    );
    expect(text).toContain(
      '%second: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 0) = QuantizeLinear(%y, %ys, %yz)',
    );
  });
});
