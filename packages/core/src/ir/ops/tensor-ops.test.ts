import { describe, expect, it } from 'vitest';
import { storedConstant } from '../constant-value.js';
import { inferTypes } from '../infer.js';
import { parse } from '../text/index.js';
import type { TensorType } from '../value.js';
import { parseEinsum } from './einsum.js';
import { resizedAxes } from './resize.js';
import { sliceAxis } from './slice-dims.js';

/** The types that the nodes of a graph give to the values called `y`, `y1` ..., as text. */
function inferred(lines: string, opset = 21): string[] {
  const graph = parse(`graph opset ${opset} {\n${lines}\n}`);
  inferTypes(graph);
  return graph.values.filter((value) => /^y\d*$/.test(value.name)).map((value) => written(value.tensorType));
}

function written(type: TensorType | undefined): string {
  if (!type) return 'unknown';
  return `${type.dtype}${type.shape ? `[${type.shape.map((dim) => dim ?? '?').join(', ')}]` : '[*]'}`;
}

const data = 'input %x: float32[N, 3, 4, 1]';

describe('types of tensor ops', () => {
  it.each([
    ['%y = Abs(%x)', 'float32[N, 3, 4, 1]'],
    ['input %b: float32[7]\n%y = Add(%x, %b)', 'float32[N, 3, 4, 7]'],
    ['input %b: float32[N, 1, 1, 5]\n%y = Less(%b, %x)', 'bool[N, 3, 4, 5]'],
    ['%y = Cast(%x) {to=10}', 'float16[N, 3, 4, 1]'],
    ['%y = Shape(%x)', 'int64[4]'],
    ['%y = Shape(%x) {start=1, end=-1}', 'int64[2]'],
    ['%y = Flatten(%x) {axis=2}', 'float32[?, 4]'],
    ['%y = Flatten(%x)', 'float32[N, 12]'],
    ['%y = Transpose(%x) {perm=[0, 2, 3, 1]}', 'float32[N, 4, 1, 3]'],
    ['%y = Transpose(%x)', 'float32[1, 4, 3, N]'],
    ['const %a: int64[1] = [-1]\n%y = Squeeze(%x, %a)', 'float32[N, 3, 4]'],
    ['%y = Squeeze(%x)', 'float32[*]'],
    ['const %a: int64[2] = [0, -1]\n%y = Unsqueeze(%x, %a)', 'float32[1, N, 3, 4, 1, 1]'],
    ['const %s: int64[3] = [0, -1, 2]\n%y = Reshape(%x, %s)', 'float32[N, 6, 2]'],
    ['const %s: int64[1] = [6]\n%y = Expand(%x, %s)', 'float32[N, 3, 4, 6]'],
    ['%y = Concat(%x, %x) {axis=1}', 'float32[N, 6, 4, 1]'],
    ['%y, %y1 = Split(%x) {axis=1, num_outputs=2}', 'float32[N, 2, 4, 1]'],
    ['const %r: int64[4] = [2, 1, 1, 3]\n%y = Tile(%x, %r)', 'float32[?, 3, 4, 3]'],
    ['const %s: int64[2] = [7, 8]\n%y = CenterCropPad(%x, %s) {axes=[1, 2]}', 'float32[N, 7, 8, 1]'],
    ['input %u: float32[*]\nconst %s: int64[1] = [7]\n%y = CenterCropPad(%u, %s) {axes=[1]}', 'float32[*]'],
    ['const %p: int64[8] = [0, 0, 1, 1, 0, 0, 2, 3]\n%y = Pad(%x, %p)', 'float32[N, 3, 7, 5]'],
    ['const %a: int64[1] = [1]\n%y = ReduceMean(%x, %a)', 'float32[N, 1, 4, 1]'],
    ['const %a: int64[1] = [1]\n%y = ReduceMean(%x, %a) {keepdims=0}', 'float32[N, 4, 1]'],
    ['%y = ReduceMax(%x) {noop_with_empty_axes=1}', 'float32[N, 3, 4, 1]'],
    ['%y = ArgMax(%x) {axis=2, keepdims=0}', 'int64[N, 3, 1]'],
    ['input %i: int64[2, K]\n%y = Gather(%x, %i) {axis=1}', 'float32[N, 2, K, 4, 1]'],
    ['input %i: int64[5, 2]\n%y = GatherND(%x, %i)', 'float32[5, 4, 1]'],
    ['const %k: int64[1] = [2]\n%y, %y1 = TopK(%x, %k) {axis=1}', 'float32[N, 2, 4, 1]'],
    ['%y = NonZero(%x)', 'int64[4, ?]'],
    [
      'const %s: float32[4] = [1, 1, 2, 3]\nconst %r: float32[0] = []\n%y = Resize(%x, %r, %s)',
      'float32[N, 3, 8, 3]',
    ],
    ['const %s: int64[4] = [1, 3, 8, 9]\n%y = Resize(%x, _, _, %s)', 'float32[1, 3, 8, 9]'],
    ['input %w: float32[4, 6]\n%y = Einsum(%x, %w) {equation="nchw,hk->nck"}', 'float32[N, 3, 6]'],
    ['%y = DepthToSpace(%z) {blocksize=2}\ninput %z: float32[N, 8, 2, W]', 'float32[N, 2, 4, ?]'],
  ])('infers %j', (line, expected) => {
    expect(inferred(`${data}\n${line}`)[0]).toBe(expected);
  });

  it('refuses a perm that names an axis twice, once from the front and once from the back', () => {
    expect(() => inferred(`${data}\n%y = Transpose(%x) {perm=[-1, 1, 2, 3]}`)).toThrow(
      'perm [3, 1, 2, 3] does not order the 4 axes.',
    );
  });

  it('keeps every bit of the integers that a Constant holds as attributes', () => {
    const graph = parse(`graph opset 21 {
      %one = Constant() {value_int=9223372036854775807}
      %list = Constant() {value_ints=[9223372036854775807, -9223372036854775808, 7]}
      output %one, %list
    }`);
    const [one, list] = graph.outputs.map((value) => storedConstant(value)?.peek()?.data);
    expect(one).toEqual(BigInt64Array.of(2n ** 63n - 1n));
    expect(list).toEqual(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 7n));
  });

  it('keeps a symbolic size when a slice takes everything', () => {
    const bounds =
      'const %b: int64[1] = [0]\nconst %e: int64[1] = [9223372036854775807]\nconst %a: int64[1] = [0]';
    expect(inferred(`${data}\n${bounds}\n%y = Slice(%x, %b, %e, %a)`)).toEqual(['float32[N, 3, 4, 1]']);
  });

  it('reads attributes where an older version of the op has them', () => {
    const lines = '%y = Squeeze(%x) {axes=[3]}\n%y1 = ReduceSum(%x) {axes=[1], keepdims=0}';
    expect(inferred(`${data}\n${lines}`, 11)).toEqual(['float32[N, 3, 4]', 'float32[N, 4, 1]']);
  });

  it('takes the type of If from both branches', () => {
    const lines = `input %c: bool[]
      %y = If(%c) {
        then_branch=graph a(%p: float32[N, 3, 4, 1] = %x) { output %p },
        else_branch=graph b(%q: float32[N, 3, 4, 1] = %x) { %t = Transpose(%q) {perm=[0, 1, 3, 2]}
          output %t }
      }`;
    expect(inferred(`${data}\n${lines}`)).toEqual(['float32[N, 3, ?, ?]']);
  });

  it.each([
    ['%y = Squeeze(%x, %a)\nconst %a: int64[1] = [1]', /axis 1 of size 3/],
    ['%y = Transpose(%x) {perm=[0, 1, 2]}', /does not order the 4 axes/],
    ['%y = Concat(%x, %b) {axis=1}\ninput %b: float32[N, 3, 5, 1]', /both 4 and 5/],
    ['%y = Pad(%x, %p)\nconst %p: int64[2] = [1, 1]', /2 pads for 4 axes/],
    ['%y = Einsum(%x) {equation="ab->a"}', /does not describe an input of rank 4/],
    ['%y = Einsum(%x) {equation="abcd->ae"}', /no input has the axis e of its output/],
    ['%y = Einsum(%x) {equation="abcd->a$"}', /no input has the axis \$ of its output/],
    ['%y = Einsum(%x) {equation="abcd->aba"}', /its output has the axis a twice/],
    ['%y = Expand(%x, %s)\nconst %s: int64[2] = [5, 1]', /4 and 5 do not broadcast/],
    ['%y = Cast(%x) {to=99}', /no element type/],
    ['%y = ArgMax(%x) {axis=4}', /axis 4 is outside rank 4/],
  ])('refuses %j', (line, message) => {
    expect(() => inferred(`${data}\n${line}`)).toThrow(message);
  });
});

describe('slice bounds', () => {
  it.each([
    [5, 1, 4, 1, { start: 1, step: 1, count: 3 }],
    [5, -2, 99, 1, { start: 3, step: 1, count: 2 }],
    [5, -1, -99, -2, { start: 4, step: -2, count: 3 }],
    [5, 4, 2, 1, { start: 4, step: 1, count: 0 }],
    [0, 0, 9, 1, { start: 0, step: 1, count: 0 }],
    [0, -1, -9, -1, { start: 0, step: -1, count: 0 }],
    [1, -2, -2, -2, { start: 0, step: -2, count: 1 }],
  ])('of size %d from %d to %d by %d clamp as ONNX says', (size, start, end, step, expected) => {
    expect(sliceAxis(size, start, end, step)).toEqual(expected);
  });

  it('refuse a step of 0', () => {
    expect(() => sliceAxis(3, 0, 3, 0)).toThrow(/step 0/);
  });
});

describe('Einsum equations', () => {
  it('without output give the labels that occur once, in order', () => {
    expect(parseEinsum('ba,bc', [2, 2])).toEqual({
      inputs: [
        ['b', 'a'],
        ['b', 'c'],
      ],
      output: ['a', 'c'],
    });
  });

  it('align the axes of an ellipsis at the back', () => {
    expect(parseEinsum('...ij,...jk->...ik', [4, 3])).toEqual({
      inputs: [
        ['.0', '.1', 'i', 'j'],
        ['.1', 'j', 'k'],
      ],
      output: ['.0', '.1', 'i', 'k'],
    });
  });
});

describe('resize targets', () => {
  it('keep the aspect ratio of the smaller or larger factor', () => {
    const sizes = { sizes: [6, 12], axes: [2, 3] };
    expect(resizedAxes([1, 1, 4, 4], { ...sizes, policy: 'not_larger' }).map((axis) => axis.size)).toEqual([
      6, 6,
    ]);
    expect(resizedAxes([1, 1, 4, 4], { ...sizes, policy: 'not_smaller' }).map((axis) => axis.size)).toEqual([
      12, 12,
    ]);
  });

  it('refuse when scales and axes differ in number', () => {
    expect(() => resizedAxes([1, 1, 4, 4], { scales: [2, 2] })).toThrow(/as many scales or sizes/);
  });
});
