import { isHalf } from './dtype.js';
import { TensorError } from './error.js';
import { float16ToFloat32 } from './float16.js';
import { MemoryStorage, type Storage, StoredTensor } from './storage.js';
import { type Tensor, tensorFromBytes } from './tensor.js';

type Half = StoredTensor<'float16' | 'bfloat16'>;

/** Constants of at most so many elements are widened at once where they are in memory: passes look at them. */
const LOOKED_AT = 4096;

/** Plans for several shapes share the constants of one model. */
const KNOWN = new WeakMap<StoredTensor, StoredTensor<'float32'>>();

let halves: Float32Array | undefined;

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
  const known = KNOWN.get(half);
  if (known) return known;
  const tensor = half.size <= LOOKED_AT ? half.peek() : undefined;
  const storage = tensor ? new MemoryStorage(widenedBytes(tensor)) : new WidenedStorage(half);
  const wide = new StoredTensor('float32', half.shape, storage);
  KNOWN.set(half, wide);
  return wide;
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
  const bits = tensor.data as Uint16Array;
  if (tensor.is('bfloat16')) return new Uint8Array(Uint32Array.from(bits, (word) => word << 16).buffer);
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, word) => float16ToFloat32(word));
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = halves[bits[i] ?? 0] ?? 0;
  return new Uint8Array(out.buffer);
}
