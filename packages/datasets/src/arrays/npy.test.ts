import {
  ALL_DTYPES,
  DTYPES,
  decodeStrings,
  elementCount,
  float32,
  fromNumbers,
  stringTensor,
  Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy } from './npy.js';
import { decodeNpz, encodeNpz } from './npz.js';

/** A .npy file as numpy writes it, from its header dictionary and element bytes. */
function npy(dictionary: string, data: number[], version = 1): Uint8Array {
  const header = `${dictionary}\n`;
  const length = version === 1 ? [header.length, 0] : [header.length, 0, 0, 0];
  return Uint8Array.from([
    ...[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0],
    ...length,
    ...new TextEncoder().encode(header),
    ...data,
  ]);
}

const header = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

const numeric = ALL_DTYPES.filter((dtype) => DTYPES[dtype].kind !== 'opaque' && dtype !== 'string');

describe('decodeNpy', () => {
  it('undoes encodeNpy for every numpy dtype and shape', () => {
    const dtypes = numeric.filter((dtype) => dtype !== 'bfloat16' && DTYPES[dtype].bits >= 8);
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...dtypes), shapes, (dtype, shape) => {
        const tensor = fromNumbers(
          dtype,
          shape,
          Array.from({ length: elementCount(shape) }, (_, i) => i % 2),
        );
        const bytes = encodeNpy(tensor);
        expect((bytes.length - tensor.byteLength) % 64).toBe(0);
        expect(decodeNpy(bytes)).toEqual(tensor);
      }),
    );
  });

  it('writes bfloat16 as float32 and packed integers as bytes', () => {
    expect(decodeNpy(encodeNpy(fromNumbers('bfloat16', [2], [1.5, -2])))).toEqual(float32([1.5, -2]));
    expect(decodeNpy(encodeNpy(fromNumbers('int4', [3], [7, -8, 1])))).toEqual(
      fromNumbers('int8', [3], [7, -8, 1]),
    );
    expect(() => encodeNpy(stringTensor(['a']))).toThrow(expect.objectContaining({ code: 'DATASET_DTYPE' }));
  });

  it('reads big-endian and column-major arrays in row-major order', () => {
    const bytes = npy(header('>i2', '(2, 3)', 'True'), [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 255, 250]);
    expect(decodeNpy(bytes)).toEqual(new Tensor('int16', [2, 3], Int16Array.of(1, 2, 3, 4, 5, -6)));
  });

  it('reads fixed-width text', () => {
    const wide = decodeNpy(npy(header('<U2', '(2,)'), [97, 0, 0, 0, 98, 0, 0, 0, 0xfc, 0, 0, 0, 0, 0, 0, 0]));
    const narrow = decodeNpy(npy(header('|S2', '(1,)'), [104, 0]));
    const texts = [wide, narrow].flatMap((tensor) =>
      tensor.is('string') ? decodeStrings(tensor.data).map((each) => new TextDecoder().decode(each)) : [],
    );
    expect(texts).toEqual(['ab', 'ü', 'h']);
  });

  it('reads versions 2 and 3 of the format', () => {
    for (const version of [2, 3]) {
      expect(toNumbers(decodeNpy(npy(header('|u1', '(2,)'), [3, 4], version)))).toEqual(Uint8Array.of(3, 4));
    }
  });

  it.each([
    ['DATASET_NPY', 'other bytes', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)],
    ['DATASET_NPY', 'no bytes', new Uint8Array(0)],
    ['DATASET_NPY', 'a cut-off header', npy(header('<f4', '(2,)'), []).subarray(0, 20)],
    ['DATASET_NPY', 'too few elements', npy(header('<f4', '(2,)'), [0, 0, 0, 0])],
    ['DATASET_NPY', 'a huge shape', npy(header('<f4', '(99999999, 99999999)'), [])],
    ['DATASET_NPY', 'an unknown version', npy(header('<f4', '(0,)'), [], 9)],
    ['DATASET_NPY', 'no shape', npy("{'descr': '<f4'}", [])],
    ['DATASET_DTYPE', 'objects', npy(header('|O', '(1,)'), [0])],
    ['DATASET_DTYPE', 'complex numbers', npy(header('<c8', '(0,)'), [])],
    ['DATASET_DTYPE', 'records', npy("{'descr': [('a', '<f4')], 'shape': (0,), }", [])],
  ])('refuses with %s %s', (code, _, bytes) => {
    expect(() => decodeNpy(bytes, 'x.npy')).toThrow(expect.objectContaining({ code, where: 'x.npy' }));
  });

  it('answers any damage with an array or a typed error', () => {
    const sound = encodeNpy(float32([1, 2, 3, 4], [2, 2]));
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.nat(sound.length), (at, byte, length) => {
        const bytes = sound.slice(0, length);
        bytes[at] = byte;
        try {
          expect(decodeNpy(bytes).size).toBeLessThanOrEqual(16);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(DATASET|TENSOR)_/) });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('decodeNpz', () => {
  const arrays = new Map<string, Tensor>([
    ['x', float32([1, 2])],
    ['labels', fromNumbers('int64', [2], [3, 4])],
  ]);

  it('undoes encodeNpz, which writes the same bytes each time', () => {
    expect(decodeNpz(encodeNpz(arrays))).toEqual(arrays);
    expect(encodeNpz(arrays)).toEqual(encodeNpz(arrays));
  });

  it('reads deflated archives and ignores other members', () => {
    const zip = zipSync({ 'x.npy': encodeNpy(float32([1, 2])), 'note.txt': Uint8Array.of(65) }, { level: 9 });
    expect(decodeNpz(zip)).toEqual(new Map([['x', float32([1, 2])]]));
  });

  it('refuses members that lie over one another', () => {
    const member = encodeNpy(float32(new Float32Array(5000)));
    const names = Array.from({ length: 50 }, (_, i) => [`${String(i).padStart(2, '0')}.npy`, member]);
    const zip = zipSync(Object.fromEntries(names), { level: 9 });
    expect(decodeNpz(zip).size).toBe(50);
    const view = new DataView(zip.buffer);
    const end = zip.length - 22;
    const directory = view.getUint32(end + 16, true);
    // Keeps the first member and the directory, whose entries then all name that member.
    const first = view.getUint32(directory + 20, true) + 30 + 6;
    const quilt = new Uint8Array(first + zip.length - directory);
    quilt.set(zip.subarray(0, first));
    quilt.set(zip.subarray(directory), first);
    const quilted = new DataView(quilt.buffer);
    quilted.setUint32(quilt.length - 22 + 16, first, true);
    for (let i = 0; i < 50; i++) quilted.setUint32(first + i * (46 + 6) + 42, 0, true);
    expect(() => decodeNpz(quilt)).toThrow(expect.objectContaining({ code: 'DATASET_NPZ' }));
  });

  it('refuses bytes that are no archive, and claims of impossible sizes', () => {
    const bomb = encodeNpz(arrays);
    const directory = bomb.lastIndexOf(0x50 /* P */, bomb.length - 23);
    new DataView(bomb.buffer).setUint32(directory + 24, 0xfffffff0, true);
    for (const bytes of [Uint8Array.of(1, 2, 3), new Uint8Array(0), bomb]) {
      expect(() => decodeNpz(bytes, 'x.npz')).toThrow(
        expect.objectContaining({ code: 'DATASET_NPZ', where: 'x.npz' }),
      );
    }
  });
});
