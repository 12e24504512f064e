import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../format-error.js';
import { MemorySource } from './byte-source.js';
import { Cursor } from './cursor.js';
import { decodeMessage } from './decode-message.js';
import { type Encodable, encodeMessage } from './encode-message.js';
import { field, type MessageType, messageType, type Span } from './message-type.js';
import { DEFAULT_LIMITS } from './read-limits.js';

interface Tree {
  readonly numbers: readonly (number | bigint)[];
  readonly text: string | undefined;
  readonly weights: readonly number[];
  readonly blob: Span | undefined;
  readonly kept: Uint8Array | undefined;
  readonly typed: Span | undefined;
  readonly children: readonly Tree[];
}

const TREE: MessageType<Tree> = messageType('Tree', {
  numbers: field.repeated.int(1),
  text: field.string(2),
  weights: field.repeated.float(3),
  blob: field.span(4),
  kept: field.bytes(6),
  typed: field.later(7),
  children: field.repeated.message(5, () => TREE),
});

function bytesOf(tree: Encodable<Tree>): Uint8Array {
  const { parts } = encodeMessage(TREE, tree);
  return new Uint8Array(parts.flatMap((part) => (part instanceof Uint8Array ? [...part] : [])));
}

function decode(bytes: Uint8Array, limits = DEFAULT_LIMITS): Tree {
  return decodeMessage(new Cursor(new MemorySource(bytes), 0, limits), TREE, bytes.length);
}

/** Memory that gives no more than what is asked for, as files do. */
class WindowedSource extends MemorySource {
  override readSync(offset: number, length: number): Uint8Array {
    return super.readSync(offset, length).slice();
  }
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return 'accepted';
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
});

describe('messages', () => {
  it('come back as they were written, for any integers, texts and floats', () => {
    const trees = fc.record({
      numbers: fc.array(int64),
      text: fc.string({ unit: 'binary', minLength: 1 }),
      weights: fc.array(fc.float({ noNaN: true })),
    });
    fc.assert(
      fc.property(trees, fc.array(trees), (root, children) => {
        const read = decode(bytesOf({ ...root, children }));
        expect(read).toMatchObject(root);
        expect(read.children.map(({ numbers, text, weights }) => ({ numbers, text, weights }))).toEqual(
          children,
        );
      }),
      { numRuns: 40 },
    );
  });

  it('are read across the edges of the window', () => {
    const children = Array.from({ length: 5000 }, (_, i) => ({ text: `child ${i}`.padEnd(i % 90, '.') }));
    const read = decode(bytesOf({ children }));
    expect(read.children.map((child) => child.text)).toEqual(children.map((child) => child.text));
  });

  it('hold the same floats wherever a window ends', () => {
    const weights = Array.from({ length: 40 }, (_, i) => (i - 20) * 1.5 ** i);
    for (let gap = 32_560; gap < 32_790; gap++) {
      const single = new BinaryWriter()
        .tag(3, WireType.Bit32)
        .float(weights[0] ?? 0)
        .finish();
      const packed = bytesOf({ weights: weights.slice(1) });
      const bytes = Uint8Array.from([...bytesOf({ blob: new Uint8Array(gap) }), ...single, ...packed]);
      const read = decodeMessage(new Cursor(new WindowedSource(bytes)), TREE, bytes.length);
      expect(read.weights, `after ${gap} bytes`).toEqual(weights.map(Math.fround));
    }
  });

  it('take numbers and lengths in more bytes than they need', () => {
    const bytes = Uint8Array.of(0x08, 0x81, 0x00, 0x08, 0x80, 0x80, 0x00, 0x12, 0x82, 0x80, 0x00, 0x68, 0x69);
    const read = decode(bytes);
    expect(read.numbers).toEqual([1, 0]);
    expect(read.text).toBe('hi');
  });

  it('take numbers of every length, of either sign', () => {
    const powers = Array.from({ length: 53 }, (_, bits) => 2 ** bits);
    const numbers = powers.flatMap((power) => [power - 1, -power, 1 - power, -power - 1]);
    const safe = numbers.filter(Number.isSafeInteger).map((number) => number || 0);
    expect(decode(bytesOf({ numbers: safe })).numbers).toEqual(safe);
    const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).fork();
    for (const number of safe) writer.int64(number);
    expect(decode(writer.join().finish()).numbers).toEqual(safe);
  });

  it('accept packed and unpacked numbers alike', () => {
    const writer = new BinaryWriter();
    writer.tag(1, WireType.LengthDelimited).fork().int64(1).int64(300).join();
    writer.tag(1, WireType.Varint).int64(-1);
    expect(decode(writer.finish()).numbers).toEqual([1, 300, -1]);
  });

  it('keep the place of a blob instead of its bytes', () => {
    const bytes = bytesOf({ text: 'abc', blob: new Uint8Array(10_000).fill(7) });
    const { blob } = decode(bytes);
    expect(blob?.length).toBe(10_000);
    expect(bytes.subarray(blob?.offset).every((byte) => byte === 7)).toBe(true);
  });

  it('pass over fields they do not know and tell about them', () => {
    const writer = new BinaryWriter();
    writer.tag(99, WireType.LengthDelimited).string('future');
    writer.tag(98, WireType.Bit64).double(1);
    writer.tag(2, WireType.LengthDelimited).string('kept');
    const bytes = writer.finish();
    const told: number[] = [];
    const read = decodeMessage(new Cursor(new MemorySource(bytes)), TREE, bytes.length, (_, number) =>
      told.push(number),
    );
    expect(read.text).toBe('kept');
    expect(told).toEqual([99, 98]);
  });
});

describe('broken bytes', () => {
  const groups = new BinaryWriter().tag(9, WireType.StartGroup).tag(9, WireType.EndGroup).finish();
  const nested = (depth: number): Encodable<Tree> => (depth ? { children: [nested(depth - 1)] } : {});

  it.each([
    ['a length past the end', new Uint8Array([0x12, 0x7f, 0x41]), 'ONNX_TRUNCATED'],
    ['a length of 2^63', new Uint8Array([0x22, ...new Array(8).fill(0x80), 0x80, 0x01]), 'ONNX_TRUNCATED'],
    ['an over-long varint', new Uint8Array([0x08, ...new Array(11).fill(0xff)]), 'ONNX_NOT_A_MODEL'],
    ['a varint that is cut off', new Uint8Array([0x08, 0xff]), 'ONNX_TRUNCATED'],
    ['field number 0', new Uint8Array([0x00, 0x01]), 'ONNX_NOT_A_MODEL'],
    ['a group', groups, 'ONNX_NOT_A_MODEL'],
    ['a number where a text belongs', new Uint8Array([0x10, 0x01]), 'ONNX_NOT_A_MODEL'],
    ['a text that is not UTF-8', new Uint8Array([0x12, 0x02, 0xc3, 0x28]), 'ONNX_TEXT'],
    ['a field that ends in the next message', new Uint8Array([0x2a, 0x01, 0x08, 0x01]), 'ONNX_TRUNCATED'],
    ['a length past the message', Uint8Array.of(0x2a, 2, 0x12, 3, 65, 66, 67), 'ONNX_TRUNCATED'],
    ['a float past the message', Uint8Array.of(0x2a, 3, 0x1d, 0, 0, 0, 0), 'ONNX_TRUNCATED'],
    ['floats past their length', Uint8Array.of(0x2a, 4, 0x1a, 2, 0, 0, 0x08, 1), 'ONNX_TRUNCATED'],
    ['messages nested too deeply', bytesOf(nested(200)), 'ONNX_NESTING'],
  ])('with %s are refused', (_, bytes, code) => {
    expect(codeOf(() => decode(bytes))).toBe(code);
  });
});

describe('memory', () => {
  it.each([
    ['messages', bytesOf({ children: Array.from({ length: 100 }, () => ({})) })],
    ['integers', bytesOf({ numbers: new Array(2000).fill(1) })],
    ['floats', bytesOf({ weights: new Array(2000).fill(1) })],
    ['a text', bytesOf({ text: 'x'.repeat(20_000) })],
    ['bytes', bytesOf({ kept: new Uint8Array(20_000) })],
    ['a message for later', bytesOf({ typed: new Uint8Array(20_000) })],
  ])('is counted for %s', (_, bytes) => {
    const limited = (structureBytes: number) =>
      codeOf(() => decode(bytes, { ...DEFAULT_LIMITS, structureBytes }));
    expect(limited(16_384)).toBe('ONNX_TOO_LARGE');
    expect(limited(2 ** 20)).toBe('accepted');
  });

  it('is not counted for bytes that are only indexed', () => {
    const bytes = bytesOf({ blob: new Uint8Array(20_000) });
    expect(codeOf(() => decode(bytes, { ...DEFAULT_LIMITS, structureBytes: 1024 }))).toBe('accepted');
  });

  it('is not asked for past the limit', () => {
    const empty = new Uint8Array(200_000);
    for (let i = 0; i < empty.length; i += 2) empty[i] = 0x2a;
    expect(codeOf(() => decode(empty, { ...DEFAULT_LIMITS, structureBytes: 2 ** 20 }))).toBe(
      'ONNX_TOO_LARGE',
    );
  });
});
