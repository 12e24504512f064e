import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  ALL_DTYPES,
  allocate,
  byteLengthOf,
  DTYPES,
  type DType,
  float32,
  int64,
  OctavoError,
  stringTensor,
  Tensor,
  tensorFromBytes,
} from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNamedTensorProto, readTensorProto, writeTensorProto } from './tensor-file.js';

function codeOf(bytes: Uint8Array): string {
  try {
    readTensorProto(bytes);
  } catch (error) {
    if (error instanceof OctavoError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** A TensorProto of shape [count] whose typed field is packed. */
function typed(
  dtype: DType,
  count: number,
  fieldNumber: number,
  fill: (writer: BinaryWriter) => void,
): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(count).tag(2, WireType.Varint).int32(DTYPES[dtype].onnx);
  writer.tag(fieldNumber, WireType.LengthDelimited).fork();
  fill(writer);
  return writer.join().finish();
}

describe('tensor files', () => {
  const numeric = ALL_DTYPES.filter((dtype) => dtype !== 'string');

  it.each(numeric)('keep every bit of a %s tensor', (dtype) => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 3 }), fc.infiniteStream(fc.nat(255)), (shape, random) => {
        const count = shape.reduce((product, size) => product * size, 1);
        const bytes = Uint8Array.from({ length: byteLengthOf(dtype, count) }, () => random.next().value ?? 0);
        const tensor = tensorFromBytes(dtype, shape, bytes);
        const { name, tensor: read } = readNamedTensorProto(writeTensorProto(tensor, 'x'));
        expect([name, read.dtype, read.shape]).toEqual(['x', dtype, shape]);
        expect(read.bytes).toEqual(bytes);
      }),
      { numRuns: 20 },
    );
  });

  it('keep strings, in UTF-8 or not', () => {
    const tensor = stringTensor(['', 'häuser', '\ufeffmark'], [3, 1]);
    expect(readTensorProto(writeTensorProto(tensor)).bytes).toEqual(tensor.bytes);
  });

  it('are equal for equal tensors', () => {
    expect(writeTensorProto(int64([1, 2]), 'a')).toEqual(writeTensorProto(int64([1, 2]), 'a'));
  });
});

describe('typed fields', () => {
  it('hold floats', () => {
    const bytes = typed('float32', 3, 4, (writer) => writer.float(1.5).float(-0).float(Number.NaN));
    expect([...readTensorProto(bytes).bytes]).toEqual([...float32([1.5, -0, Number.NaN]).bytes]);
  });

  it.each([
    ['int8', 5, [-128, 127]],
    ['uint8', 5, [0, 255]],
    ['int16', 5, [-32768, 32767]],
    ['uint16', 5, [0, 65535]],
    ['int32', 5, [-2147483648, 2147483647]],
    ['bool', 5, [0, 1]],
    ['float16', 5, [0x3c00, 0xfc00]],
    ['uint32', 11, [0, 4294967295]],
  ] as const)('hold %s', (dtype, fieldNumber, values) => {
    const bytes = typed(dtype, values.length, fieldNumber, (writer) => {
      for (const value of values) writer.int64(value);
    });
    expect(Array.from(readTensorProto(bytes).data as Int32Array)).toEqual([...values]);
  });

  it('hold 64-bit integers to the last bit', () => {
    const values = [-(2n ** 63n), 2n ** 63n - 1n];
    const signed = typed('int64', 2, 7, (writer) => writer.int64(values[0] ?? 0n).int64(values[1] ?? 0n));
    expect(readTensorProto(signed).data).toEqual(BigInt64Array.from(values));
    const unsigned = typed('uint64', 1, 11, (writer) => writer.uint64(2n ** 64n - 1n));
    expect(readTensorProto(unsigned).data).toEqual(BigUint64Array.of(2n ** 64n - 1n));
  });

  it('hold one byte of packed elements in each entry', () => {
    const bytes = typed('int4', 3, 5, (writer) => writer.int64(0xf1).int64(0x07));
    expect(readTensorProto(bytes)).toEqual(new Tensor('int4', [3], Uint8Array.of(0xf1, 0x07)));
  });

  it('may be unpacked', () => {
    const writer = new BinaryWriter();
    writer.tag(1, WireType.Varint).int64(2).tag(2, WireType.Varint).int32(DTYPES.int32.onnx);
    writer.tag(5, WireType.Varint).int64(-7).tag(5, WireType.Varint).int64(300);
    expect(readTensorProto(writer.finish())).toEqual(new Tensor('int32', [2], Int32Array.of(-7, 300)));
  });
});

describe('tensor files that lie', () => {
  const head = (dims: readonly (number | bigint)[], dataType: number): BinaryWriter => {
    const writer = new BinaryWriter();
    for (const dim of dims) writer.tag(1, WireType.Varint).int64(dim);
    return writer.tag(2, WireType.Varint).int32(dataType);
  };
  const raw = (writer: BinaryWriter, length: number): Uint8Array =>
    writer.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(length)).finish();

  it.each([
    ['an unknown element type', raw(head([1], 99), 4), 'ONNX_DTYPE'],
    ['no element type', raw(head([1], 0), 4), 'ONNX_DTYPE'],
    ['fewer bytes than the shape needs', raw(head([4], 1), 12), 'ONNX_TENSOR_SIZE'],
    ['more bytes than the shape needs', raw(head([2], 1), 12), 'ONNX_TENSOR_SIZE'],
    ['a negative size', raw(head([-1], 1), 4), 'ONNX_TENSOR_SIZE'],
    ['a size beyond all numbers', raw(head([2n ** 62n, 8], 1), 4), 'ONNX_TENSOR_SIZE'],
    ['a product beyond all numbers', raw(head([2 ** 40, 2 ** 40], 1), 4), 'ONNX_TENSOR_SIZE'],
    ['no data', head([3], 1).finish(), 'ONNX_TENSOR_SIZE'],
    ['too few typed integers', typed('int64', 3, 7, (writer) => writer.int64(1)), 'ONNX_TENSOR_SIZE'],
    [
      'too many typed integers',
      typed('int64', 1, 7, (writer) => writer.int64(1).int64(2)),
      'ONNX_TENSOR_SIZE',
    ],
    [
      'a huge shape over few typed integers',
      typed('int8', 2 ** 40, 5, (w) => w.int64(1)),
      'ONNX_TENSOR_SIZE',
    ],
    ['a huge shape of strings', head([2 ** 40], 8).finish(), 'ONNX_TENSOR_SIZE'],
    [
      'elements in another file',
      head([1], 1).tag(14, WireType.Varint).int32(1).finish(),
      'ONNX_EXTERNAL_DATA',
    ],
  ])('with %s are refused', (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it('accept a tensor without elements and without data', () => {
    expect(readTensorProto(head([0, 5], 1).finish())).toEqual(
      new Tensor('float32', [0, 5], allocate('float32', 0)),
    );
  });
});
