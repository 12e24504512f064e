import { describe, expect, it } from 'vitest';
import { inferTypes } from '../infer.js';
import { parse, print } from '../text/index.js';

/** Types of what the lines compute, as the text form prints them. */
function types(lines: string, opset = 21): string[] {
  const graph = parse(`graph opset ${opset}, com.microsoft 1 {\n${lines}\n}`);
  inferTypes(graph, { strict: true });
  return print(graph)
    .split('\n')
    .filter((line) => line.includes(' = ') && !line.includes('const '))
    .map((line) => line.trim().split(' = ')[0] ?? '');
}

describe('types of neural network ops', () => {
  it('follow a convolution with a symbolic batch through padding, stride and groups', () => {
    expect(
      types(`input %x: float32[n, 4, 9, 9]
        input %w: float32[6, 2, 3, 3]
        %y = Conv(%x, %w) {group=2, strides=[2, 2], pads=[1, 1, 0, 0]}
        %same = Conv(%x, %w) {group=2, auto_pad="SAME_UPPER"}
        %back = ConvTranspose(%y, %w) {group=2, strides=[2, 2], output_padding=[1, 1]}`),
    ).toEqual(['%y: float32[n, 6, 4, 4]', '%same: float32[n, 6, 9, 9]', '%back: float32[n, 4, 10, 10]']);
  });

  it('refuse a zero point of another type than the integers of QAttention', () => {
    const lines = (zero: string) => `input %x: uint8[1, 2, 4]
      input %w: int8[4, 12]
      input %b: float32[12]
      const %s: float32[] = 0.01
      const %z: ${zero}[] = 3
      %y = com.microsoft::QAttention(%x, %w, %b, %s, %s, _, %z) {num_heads=2} @attention`;
    expect(types(lines('uint8'))).toEqual(['%y: float32[1, 2, 4]']);
    expect(() => types(lines('int8'))).toThrow(/attention.*zero point of the input is int8, not uint8/s);
  });

  it.each([
    ['another batch', '[2, 2, 4, 8]', '[1, 2, 5, 8]', '[1, 2, 5, 8]'],
    ['other heads of values', '[1, 2, 4, 8]', '[1, 2, 5, 8]', '[1, 1, 5, 8]'],
    ['other keys than values', '[1, 2, 4, 8]', '[1, 2, 5, 8]', '[1, 2, 6, 8]'],
    ['another width', '[1, 2, 4, 8]', '[1, 2, 5, 7]', '[1, 2, 5, 8]'],
    ['heads in no equal groups', '[1, 3, 4, 8]', '[1, 2, 5, 8]', '[1, 2, 5, 8]'],
  ])('refuse attention with %s', (_, q, k, v) => {
    const lines = `input %q: float32${q}\ninput %k: float32${k}\ninput %v: float32${v}
      %y = Attention(%q, %k, %v) @attention`;
    expect(() => types(lines, 23)).toThrow(/attention.*do not fit each other/s);
  });

  it('refuse channels that do not divide into groups, naming the node', () => {
    const lines = `input %x: float32[1, 4, 9, 9]
      input %w: float32[6, 4, 3, 3]
      %y = Conv(%x, %w) {group=2} @stem`;
    expect(() => types(lines)).toThrow(/stem.*4 channels do not divide into 2 groups of 4/s);
  });

  it.each([
    ['%y = Conv(%x, %w, %v)', 'input %w: float32[3, 4, 1, 1]'],
    ['%y = BatchNormalization(%x, %v, %v, %v, %v)', ''],
    ['%y = InstanceNormalization(%x, %v, %v)', ''],
    ['%y = Gemm(%m, %m, %v)', 'input %m: float32[3, 3]'],
    ['%y = LSTM(%s, %w, %w)', 'input %s: float32[7, 1, 5]\ninput %w: float32[1, 20, 4]'],
    [
      '%y = GRU(%s, %w, %r)',
      'input %s: float32[7, 1, 5]\ninput %w: float32[1, 16, 5]\ninput %r: float32[1, 16, 4]',
    ],
  ])('refuse parameters of another size: %s', (node, inputs) => {
    const lines = `input %x: float32[1, 4, 2, 2]\ninput %v: float32[5]\n${inputs}\n${node} @here`;
    expect(() => types(lines)).toThrow(/here.*(is both|do not broadcast|must be \[)/s);
  });

  it('round pooled sizes up in ceil_mode, and give indices', () => {
    expect(
      types(`input %x: float16[1, 3, 5, 5]
        %y, %at = MaxPool(%x) {kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1}
        %m = GlobalAveragePool(%x)`),
    ).toEqual(['%y: float16[1, 3, 3, 3], %at: int64[1, 3, 3, 3]', '%m: float16[1, 3, 1, 1]']);
  });

  it('broadcast batches of matrix products and drop the axis of a vector', () => {
    expect(
      types(`input %a: float32[b, 1, 4, 5]
        input %c: float32[3, 5, 6]
        input %v: float32[5]
        %y = MatMul(%a, %c)
        %row = MatMul(%a, %v)
        %dot = MatMul(%v, %v)`),
    ).toEqual(['%y: float32[b, 3, 4, 6]', '%row: float32[b, 1, 4]', '%dot: float32[]']);
  });

  it('refuse inner sizes that differ', () => {
    expect(() =>
      types(`input %a: float32[4, 5]
        input %b: float32[4, 5]
        %y = Gemm(%a, %b)`),
    ).toThrow(/inner sizes of \[4, 5\] and \[4, 5\] differ/);
  });

  it('place directions and states of recurrent ops in both layouts', () => {
    expect(
      types(`input %x: float32[t, 2, 3]
        input %w: float32[2, 16, 3]
        input %r: float32[2, 16, 4]
        %y, %h, %c = LSTM(%x, %w, %r) {hidden_size=4, direction="bidirectional"}
        %y1, %h1, %c1 = LSTM(%x, %w, %r) {hidden_size=4, direction="bidirectional", layout=1}`),
    ).toEqual([
      '%y: float32[t, 2, 2, 4], %h: float32[2, 2, 4], %c: float32[2, 2, 4]',
      '%y1: float32[t, 2, 2, 4], %h1: float32[t, 2, 4], %c1: float32[t, 2, 4]',
    ]);
  });
});

describe('recurrent ops', () => {
  it.each([
    ['LSTM', '[1, 4, 1]', 'W (w) must be [1, 12, 1], found [1, 4, 1].'],
    ['GRU', '[1, 3, 1]', 'W (w) must be [1, 9, 1], found [1, 3, 1].'],
    ['RNN', '[1, 1, 1]', 'W (w) must be [1, 3, 1], found [1, 1, 1].'],
  ])('have as many states as %s has recurrent weights', (op, w, message) => {
    expect(() =>
      types(`input %x: float32[2, 1, 1]
        input %w: float32${w}
        %y = ${op}(%x, %w, %w) {hidden_size=3}`),
    ).toThrow(message);
  });

  it('have as many states as DynamicQuantizeLSTM has recurrent weights', () => {
    expect(() =>
      types(`input %x: float32[2, 1, 1]
        input %w: int8[1, 1, 4]
        input %s: float32[1]
        input %z: int8[1]
        %y = com.microsoft::DynamicQuantizeLSTM(%x, %w, %w, _, _, _, _, _, %s, %z, %s, %z) {hidden_size=3}`),
    ).toThrow('W (w) must be [1, 1, 12], found [1, 1, 4].');
  });
});

describe('types of quantized ops', () => {
  it('take the dtype from the zero point, or from output_dtype, or uint8', () => {
    expect(
      types(`input %x: float32[2, 3]
        const %s: float32[] = 0.5
        const %z: int8[] = 0
        %a = QuantizeLinear(%x, %s, %z)
        %b = QuantizeLinear(%x, %s)
        %c = QuantizeLinear(%x, %s) {output_dtype=4}
        %d = DequantizeLinear(%a, %s, %z)
        %q, %qs, %qz = DynamicQuantizeLinear(%x)`),
    ).toEqual([
      '%a: int8[2, 3]',
      '%b: uint8[2, 3]',
      '%c: uint16[2, 3]',
      '%d: float32[2, 3]',
      '%q: uint8[2, 3], %qs: float32[], %qz: uint8[]',
    ]);
  });

  it('give int32 sums and the shapes of their float counterparts', () => {
    expect(
      types(`input %a: uint8[2, 8]
        input %b: int8[8, 5]
        input %f: float32[2, 8]
        input %w: uint8[5, 1, 8]
        input %ws: float32[5]
        %y = MatMulInteger(%a, %b)
        %n = com.microsoft::MatMulNBits(%f, %w, %ws) {K=8, N=5, block_size=16}`),
    ).toEqual(['%y: int32[2, 5]', '%n: float32[2, 5]']);
  });
});
