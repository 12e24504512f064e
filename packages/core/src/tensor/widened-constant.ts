import { isHalf } from './dtype.js';
import { TensorError } from './error.js';
import { MemoryStorage, type Storage, StoredTensor } from './storage.js';
import { type Tensor, tensorFromBytes } from './tensor.js';

type Half = StoredTensor<'float16' | 'bfloat16'>;

/** Constants of at most so many elements are widened at once where they are in memory: passes look at them. */
const LOOKED_AT = 4096;

/**
 * A float16 or bfloat16 constant as float32 of the same shape, read when it is asked for; one result for each constant.
 * @throws TensorError `TENSOR_DTYPE` for another dtype.
 */
export function widenedConstant(half: StoredTensor): StoredTensor<'float32'> {
  if (!isHalves(half)) {
    throw new TensorError({
      code: 'TENSOR_DTYPE',
      message: `only float16 and bfloat16 constants are widened, found ${half.dtype}.`,
    });
  }
  // Plans for several shapes share the constants of one model.
  return half.derive(widen);
}

function widen(half: Half): StoredTensor<'float32'> {
  const tensor = half.size <= LOOKED_AT ? half.peek() : undefined;
  const storage = tensor ? new MemoryStorage(widenedBytes(tensor)) : new WidenedStorage(half);
  return new StoredTensor('float32', half.shape, storage);
}

/** The float16 or bfloat16 constant that {@link widenedConstant} made one of; undefined where it was looked at. */
export function halvesOf({ storage }: StoredTensor): Half | undefined {
  return storage instanceof WidenedStorage ? storage.half : undefined;
}

function isHalves(constant: StoredTensor): constant is Half {
  return isHalf(constant.dtype);
}

class WidenedStorage implements Storage {
  readonly byteLength: number;
  readonly half: Half;

  constructor(half: Half) {
    this.half = half;
    this.byteLength = half.size * Float32Array.BYTES_PER_ELEMENT;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const first = Math.floor(offset / Float32Array.BYTES_PER_ELEMENT);
    const count = Math.ceil((offset + length) / Float32Array.BYTES_PER_ELEMENT) - first;
    const { dtype, storage } = this.half;
    const bytes = await storage.read(
      first * Uint16Array.BYTES_PER_ELEMENT,
      count * Uint16Array.BYTES_PER_ELEMENT,
    );
    const start = offset - first * Float32Array.BYTES_PER_ELEMENT;
    return widenedBytes(tensorFromBytes(dtype, [count], bytes)).subarray(start, start + length);
  }
}

function widenedBytes(tensor: Tensor): Uint8Array {
  const halves = tensor.data as Uint16Array;
  return tensor.is('bfloat16')
    ? new Uint8Array(Uint32Array.from(halves, (bits) => bits << 16).buffer)
    : widenedFloat16(halves);
}

/** What `float16ToFloat32` gives of each, with exponents rebased in the bits: weights have many. */
function widenedFloat16(halves: Uint16Array): Uint8Array {
  const floats = new Float32Array(halves.length);
  const words = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const bits = halves[i] ?? 0;
    const magnitude = bits & 0x7fff;
    const sign = (bits & 0x8000) << 16;
    if (magnitude < 0x400) floats[i] = (sign < 0 ? -1 : 1) * magnitude * 2 ** -24;
    else if (magnitude < 0x7c00) words[i] = sign | ((magnitude << 13) + 0x38000000);
    else words[i] = sign | 0x7f800000 | (magnitude << 13);
  }
  return new Uint8Array(floats.buffer);
}
