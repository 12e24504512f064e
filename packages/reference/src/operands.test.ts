import { inferTypes, parse } from '@octavo/core/ir';
import { decodeStrings, stringTensor, type Tensor, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { interpret } from './interpret.js';
import { kernelTable } from './kernel-table.js';

/** The outputs of a graph without inputs, given by its lines. */
async function run(lines: string, inputs: readonly Tensor[] = []): Promise<readonly Tensor[]> {
  const graph = parse(`graph opset 23, com.microsoft 1 {\n${lines}\n}`);
  inferTypes(graph);
  return (await interpret(graph, kernelTable))(inputs, []);
}

describe('Range of 64-bit integers', () => {
  it.each([
    [0, 5, 2, [0, 2, 4]],
    [5, 0, -2, [5, 3, 1]],
    [0, 4, 2, [0, 2]],
    [1, 0, 2, []],
    [0, 1, -2, []],
  ])('from %i to %i by %i gives %j', async (start, limit, delta, expected) => {
    const [y] = await run(`
      const %start: int64[] = ${start}
      const %limit: int64[] = ${limit}
      const %delta: int64[] = ${delta}
      %y = Range(%start, %limit, %delta)
      output %y`);
    expect(y && [...toNumbers(y)]).toEqual(expected);
  });
});

describe('block-quantized weights', () => {
  const gather = (index: number, attributes: string) =>
    run(`
      const %data: uint8[2, 2] = [16, 50, 84, 118]
      const %i: int64[1] = [${index}]
      const %s: float32[2, 1] = [1, 10]
      const %z: uint8[2, 1] = [0, 0]
      %y = com.microsoft::GatherBlockQuantized(%data, %i, %s, %z) {${attributes}}
      output %y`);

  it('are gathered by rows, counted from either end', async () => {
    const [first] = await gather(0, 'bits=4, block_size=16');
    expect(first && [...toNumbers(first)]).toEqual([0, 1, 2, 3]);
    const [last] = await gather(-1, 'bits=4, block_size=16');
    expect(last && [...toNumbers(last)]).toEqual([40, 50, 60, 70]);
  });

  it('refuse rows that do not exist and blocks without elements', async () => {
    await expect(gather(2, 'bits=4, block_size=16')).rejects.toThrow('index 2 is outside an axis of size 2.');
    await expect(gather(0, 'bits=4, block_size=0')).rejects.toMatchObject({ code: 'BACKEND_UNSUPPORTED' });
  });

  it.each(['K=4, N=1, block_size=0', 'K=4, N=0, block_size=16', 'K=-4, N=1, block_size=-16'])(
    'do not multiply with %s',
    async (attributes) => {
      const product = run(`
        const %a: float32[1, 4] = [1, 2, 3, 4]
        const %b: uint8[1, 1, 8] = [0, 0, 0, 0, 0, 0, 0, 0]
        const %s: float32[1] = [1]
        %y: float32[1, 1] = com.microsoft::MatMulNBits(%a, %b, %s) {${attributes}, accuracy_level=4}
        output %y`);
      await expect(product).rejects.toMatchObject({ code: 'BACKEND_UNSUPPORTED' });
    },
  );

  it('do not multiply with scales that are not finite, which are named', async () => {
    const product = run(`
      const %a: float32[1, 4] = [1, 2, 3, 4]
      const %b: uint8[1, 1, 8] = [0, 0, 0, 0, 0, 0, 0, 0]
      const %s: float32[1] = [nan]
      %y: float32[1, 1] = com.microsoft::MatMulNBits(%a, %b, %s) {K=4, N=1, block_size=16} @head
      output %y`);
    await expect(product).rejects.toMatchObject({
      code: 'QUANT_SCALE',
      where: 'node head (MatMulNBits), tensor s',
      fault: 'scale 0 is NaN; scales are finite.',
    });
  });
});

it('orders strings of any length by their bytes', async () => {
  const long = 'b'.repeat(300_000);
  const x = stringTensor([long, 'a', long]);
  const lines = 'input %x: string[3]\n%y, %first, %inverse, %counts = Unique(%x)\noutput %y, %counts';
  const [y, counts] = await run(lines, [x]);
  expect(y?.is('string') && decodeStrings(y.data).map((bytes) => bytes.length)).toEqual([1, 300_000]);
  expect(counts && [...toNumbers(counts)]).toEqual([1, 2]);
});

describe('operands that do not fit together are refused', () => {
  it.each([
    [
      'const %a: float32[1] = [1]\nconst %b: int64[1] = [1]\n%y = Concat(%a, %b) {axis=0}',
      'int64 does not join float32.',
    ],
    [
      'const %c: bool[1] = [1]\nconst %a: float32[1] = [1]\nconst %b: int64[1] = [1]\n%y = Where(%c, %a, %b)',
      'Where chooses between float32 and int64.',
    ],
    [
      'const %x: float32[1, 1, 1, 4] = [1, 2, 3, 4]\nconst %c: float32[1, 1, 2] = [1, 1]\n' +
        '%y = RotaryEmbedding(%x, %c, %c) {rotary_embedding_dim=1099511627776}',
      '1099511627776 elements of heads of 4 do not rotate in pairs.',
    ],
    [
      'const %q: float32[1, 1, 1, 1] = [1]\nconst %past: float32[1, 1, 1, 2] = [1, 2]\n' +
        '%y, %k, %v = Attention(%q, %q, %q, _, %past, %past)',
      'the past has 1 x 1 heads of 2, what follows 1 x 1 heads of 1.',
    ],
    [
      'const %x: float32[1, 1, 4] = [1, 2, 3, 4]\n%y = MaxPool(%x) {kernel_shape=[0]}',
      'a window has 0 elements along an axis.',
    ],
  ])('%s', async (lines, message) => {
    await expect(run(`${lines}\noutput %y`)).rejects.toThrow(message);
  });
});
