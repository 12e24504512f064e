import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { BINDING_FUNCTIONS, type NativeBinding } from './binding.js';

/** A typed array whose memory is gone. */
function detached<T extends Int8Array | Int32Array | Float32Array>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

/** A typed array that was longer before its buffer shrank. */
function shrunk(): unknown {
  const buffer: unknown = Reflect.construct(ArrayBuffer, [64, { maxByteLength: 64 }]);
  if (!(buffer instanceof ArrayBuffer)) return undefined;
  const array = new Uint8Array(buffer, 32, 32);
  Reflect.apply(Reflect.get(buffer, 'resize') ?? (() => undefined), buffer, [16]);
  return array;
}

/** Values that no function of the addon asks for, or not there. */
const hostileValues = (handles: readonly object[]) =>
  fc.oneof(
    fc.constantFrom<unknown>(undefined, null, true, '', 'x', 10n, Symbol('s'), () => 1, {}, []),
    fc.constantFrom<unknown>(Number.NaN, -1, -0.5, 0.5, 1e300, -1e300, Number.POSITIVE_INFINITY),
    fc.constantFrom<unknown>(0, 1, 2, 3, 255, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1, 2 ** 53),
    fc
      .constantFrom<() => unknown>(
        () => detached(new Int8Array(8)),
        () => detached(new Int32Array(8)),
        () => detached(new Float32Array(8)),
        shrunk,
        () => new Uint8Array(0),
        () => new Uint8Array(7),
        () => new Int8Array(new SharedArrayBuffer(8)),
        () => new Uint8Array(new ArrayBuffer(16), 3, 5),
        () => new Int32Array(13),
        () => Int32Array.of(1, -1, 2 ** 31 - 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1),
        () => Int32Array.of(1, 3, 3, 1, 1, 1, 1, 2 ** 20, 2 ** 20, 2 ** 20, 2 ** 20, 0, 0),
        () => new Float32Array(3).fill(Number.NaN),
        () => new Float64Array(8),
        () => [new Uint8Array(4)],
        () => [detached(new Int8Array(8))],
        () => Float64Array.of(1, 0, 8, 0, 0, 8),
        () => new Uint8ClampedArray(8),
        () => new BigInt64Array(8),
        () => new DataView(new ArrayBuffer(8)),
        () => new ArrayBuffer(8),
      )
      .map((make) => make()),
    fc.constantFrom<unknown>(
      ...handles,
      ...handles.map((handle) => new Proxy(handle, {})),
      ...handles.map((handle) => Object.create(handle)),
      ...handles.map((handle) => ({ ...handle })),
    ),
  );

/** Arguments that each function takes, to be spoiled one or more at a time. */
function validArguments(binding: NativeBinding): Record<keyof NativeBinding, () => unknown[]> {
  const matrix = binding.packMatrix(new Int8Array(12).fill(3), 4, 3, 3, 1, undefined);
  const filter = binding.packConv2d(new Int8Array(8).fill(2), 2, 1, 2, 2, 2, undefined);
  const floatMatrix = binding.packFloatMatrix(new Float32Array(12).fill(3), false, 4, 3, 3, 1, false);
  const floatFilter = binding.packFloatConv2d(new Uint16Array(8).fill(2), true, 2, 1, 2, 2, 2);
  const blocks = binding.packBlockMatrix(
    ...([new Uint8Array(24).fill(0x5a), 4, false, 16, 3, 16, 1, 16] as const),
    ...([new Float32Array(3).fill(0.5), 1, 1, undefined, 1, 2] as const),
  );
  const scales = new Float32Array(3).fill(0.5);
  const sum = Float32Array.of(1, 0.5, 0, 0, 255, 1);
  const geometry = Int32Array.of(1, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0);
  const copy = binding.opNames().indexOf('copy');
  const program = binding.createProgram(
    Int32Array.of(copy, 2, 7, 0, 1, 4, 1, 0, 1, 2, -1, 1),
    Float64Array.of(1, 0, 8, 2, 0, 8),
    64,
    [],
    [],
    Float64Array.of(8),
    Float64Array.of(8),
    0,
    'two numbers',
  );
  const arrays = () => [program, [new Float32Array(2)], [new Float32Array(2)]];
  return {
    version: () => [],
    opNames: () => [],
    makeConstant: () => [new Float32Array(3)],
    createProgram: () => [
      Int32Array.of(copy, 2, 7, 0, 1, 4, 0, 0, 1, 2, 1, 1),
      Float64Array.of(1, 0, 8, 3, 0, 8),
      64,
      [binding.makeConstant(new Float32Array(2))],
      [matrix, filter, floatMatrix, floatFilter, blocks],
      Float64Array.of(8),
      Float64Array.of(8),
      1,
      '',
    ],
    runProgram: () => [...arrays(), new Float64Array(1)],
    bindProgram: arrays,
    startProgram: () => [...arrays(), () => undefined],
    shareProgram: () => [program],
    openProgram: () => binding.shareProgram(program),
    threads: () => [],
    setThreads: () => [2, 100],
    measurePeak: () => [0, 1, 1],
    isa: () => [],
    packMatrix: () => [new Uint8Array(12), 4, 3, 3, 1, Int32Array.of(7)],
    matmul: () => {
      const epilogue = [new Int32Array(3), scales, undefined, undefined, 1, 0, 255, new Uint8Array(6)];
      const tail = [new Uint8Array(256), new Int8Array(6), 3, sum];
      return [matrix, new Uint8Array(8), 2, 4, Int32Array.of(1), ...epilogue, ...tail, 3];
    },
    packConv2d: () => [new Int8Array(8), 2, 1, 2, 2, 2, undefined],
    conv2d: () => {
      const epilogue = [undefined, scales.subarray(0, 2), undefined, undefined, 1, 0, 255, new Uint8Array(8)];
      const tail = [new Uint8Array(256), new Uint8Array(8), 0, sum];
      return [filter, new Uint8Array(18), geometry, 3, ...epilogue, ...tail];
    },
    packFloatMatrix: () => [new Float32Array(12), false, 4, 3, 3, 1, true],
    packFloatConv2d: () => [new Uint16Array(8), true, 2, 1, 2, 2, 2],
    packBlockMatrix: () => {
      const scalesAndZeroPoints = [new Float32Array(3).fill(0.5), 1, 1, new Uint8Array(3), 1, 2];
      return [new Uint8Array(24), 4, false, 16, 3, 16, 1, 16, ...scalesAndZeroPoints];
    },
    blockMatmul: () => {
      const [bias, activation] = [new Float32Array(3), Float32Array.of(1, 0, 6)];
      const ends = [bias, new Float32Array(6), 3, activation, new Float32Array(6), 3, 1];
      return [blocks, new Float32Array(32), 2, 16, true, ...ends];
    },
    floatMatmul: () => {
      const [bias, activation] = [new Float32Array(3), Float32Array.of(1, 0, 6)];
      const ends = [bias, new Float32Array(6), 3, activation, new Float32Array(6), 3, 1];
      return [floatMatrix, new Float32Array(8), 2, 4, ...ends];
    },
    floatConv2d: () => {
      const [bias, residual] = [new Float32Array(2), new Float32Array(8)];
      const ends = [bias, residual, Float32Array.of(2, 0.5, 0), new Float32Array(8), 1];
      return [floatFilter, new Float32Array(18), geometry, ...ends];
    },
    quantize: () => {
      const by = [Int32Array.of(1, 3, 2), scales, Int32Array.of(1, 2, 3)];
      return [new Float32Array(6), ...by, new Uint16Array(6)];
    },
    dequantize: () => {
      const by = [Int32Array.of(2, 3, 1), scales, Int32Array.of(1, 2, 3)];
      return [new Int8Array(6), ...by, new Float32Array(6)];
    },
    quantizeRows: () => {
      const rows = [new Uint8Array(6), new Float32Array(2), new Int32Array(2)];
      return [new Float32Array(6), 2, 3, ...rows];
    },
    convertFloats: () => [new Float32Array(5), false, new Uint16Array(5)],
    packNibbles: () => [new Int8Array(5), new Uint8Array(3)],
    extent: () => [Float32Array.of(3, -1, 0), new Float32Array(2)],
    countBins: () => [Float32Array.of(3, -1, 0), 0, -1, new Int32Array(5)],
    unpackNibbles: () => [new Uint8Array(3), new Int8Array(5)],
    release: () => [binding.packMatrix(new Int8Array(1), 1, 1, 1, 1, undefined)],
  };
}

const names = Object.keys(BINDING_FUNCTIONS) as (keyof NativeBinding)[];

describeWithAddon('the addon given hostile arguments', ({ binding }) => {
  const valid = validArguments(binding);
  const handles = ['matmul', 'conv2d', 'runProgram'].map((name) =>
    Object(valid[name as keyof NativeBinding]()[0]),
  );
  const calls = fc.constantFrom(...names.filter((name) => name !== 'release')).chain((name) => {
    const count = valid[name]().length;
    const position = fc.integer({ min: 0, max: Math.max(0, count - 1) });
    return fc.record({
      name: fc.constant(name),
      changes: fc.array(fc.tuple(position, hostileValues(handles)), { minLength: 1, maxLength: 3 }),
      length: fc.integer({ min: 0, max: count + 1 }),
      truncated: fc.boolean(),
    });
  });

  it('refuses or runs them, and never takes the process down', () => {
    fc.assert(
      fc.property(calls, ({ name, changes, length, truncated }) => {
        const call = valid[name]();
        for (const [at, value] of changes) call[at] = value;
        if (truncated) call.length = length;
        try {
          Reflect.apply(binding[name], binding, call);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect(Reflect.get(Object(error), 'code')).toMatch(/^CPU_(INVALID_ARGUMENT|OUT_OF_MEMORY)$/);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each(names)('runs %s with good arguments', (name) => {
    expect(() => Reflect.apply(binding[name], binding, valid[name]())).not.toThrow();
  });

  it('refuses a copy whose strides reach past 64 bits', () => {
    const most = 2 ** 31 - 1;
    const span = [most, most, 0];
    const last = [13, most, 0];
    const copy = binding.opNames().indexOf('copy');
    const words = [4, 4, 0, 5, ...span, ...span, ...span, ...span, ...last];
    const call = valid.createProgram();
    call[0] = Int32Array.of(copy, 2, words.length, 0, 1, ...words);
    expect(() => Reflect.apply(binding.createProgram, binding, call)).toThrowError(/strides/);
  });

  it('accepts no object but its own as packed weights', () => {
    for (const forged of [
      {},
      new Proxy(Object(handles[0]), {}),
      Object.create(Object(handles[0])),
      handles[1],
    ]) {
      const call = valid.matmul();
      call[0] = forged;
      expect(() => Reflect.apply(binding.matmul, binding, call)).toThrowError(/packed by packMatrix/);
    }
  });

  it('sees that memory was detached or shrank', () => {
    for (const gone of [detached(new Int8Array(8)), shrunk()]) {
      const call = valid.matmul();
      call[1] = gone;
      expect(() => Reflect.apply(binding.matmul, binding, call)).toThrowError(
        /lhs: expected at least 8 elements, found 0/,
      );
    }
  });

  it('says what is wrong with a table or a residual', () => {
    const refuses = (position: number, value: unknown, message: RegExp) => {
      const call = valid.matmul();
      call[position] = value;
      expect(() => Reflect.apply(binding.matmul, binding, call)).toThrowError(message);
    };
    refuses(13, new Uint8Array(255), /table: expected 256 elements?, found 255/);
    refuses(13, new Int8Array(256), /table: expected a Uint8Array/);
    refuses(14, new Int8Array(5), /residual: expected at least 6/);
    refuses(14, detached(new Int8Array(8)), /residual: expected at least 6/);
    refuses(14, new Int32Array(6), /residual: expected an Int8Array or a Uint8Array/);
    refuses(15, 2, /epilogue.residual.stride: expected at least n/);
    refuses(16, undefined, /sum: expected a Float32Array/);
    refuses(16, new Float32Array(4), /sum: expected 6/);
    refuses(16, Float32Array.of(1, 1, 0, 0.5, 255, 0), /sum: expected limits/);
    for (const first of [7, Number.NaN])
      refuses(16, Float32Array.of(1, 1, 0, 0, 255, first), /sum: expected 1 where/);
    refuses(16, Float32Array.of(1, 1, 0, -1, 255, 0), /clamp_min, clamp_max: expected values of the output/);
    refuses(16, Float32Array.of(1, Number.NaN, 0, 0, 255, 0), /expected finite values/);
    const call = valid.matmul();
    call[14] = call[12];
    expect(() => Reflect.apply(binding.matmul, binding, call)).toThrowError(/apart from epilogue.residual/);
    const filtered = valid.conv2d();
    filtered[13] = new Uint8Array(9);
    expect(() => Reflect.apply(binding.conv2d, binding, filtered)).toThrowError(/residual: expected 8/);
  });

  it('leaves what is around the output untouched', () => {
    const memory = new Uint8Array(26).fill(0xa5);
    const call = valid.matmul();
    call[12] = memory.subarray(10, 16);
    Reflect.apply(binding.matmul, binding, call);
    expect([...memory.subarray(0, 10), ...memory.subarray(16)]).toEqual(new Array(20).fill(0xa5));
    expect(memory.subarray(10, 16)).not.toContain(0xa5);
  });

  it('runs a program at once, bound, later, and opened by its numbers', async () => {
    const [program, inputs, outputs] = valid.runProgram() as Parameters<NativeBinding['runProgram']>;
    const [first, second] = [inputs[0], outputs[0]];
    first?.set([1, 2] as never);
    binding.runProgram(program, inputs, outputs, undefined);
    expect(second).toEqual(Float32Array.of(2, 1));
    first?.set([3, 4] as never);
    binding.bindProgram(program, inputs, outputs)();
    expect(second).toEqual(Float32Array.of(4, 3));
    const opened = binding.openProgram(...binding.shareProgram(program));
    expect(opened?.[1]).toBe('two numbers');
    first?.set([5, 6] as never);
    const error = await new Promise((resolve) => {
      binding.startProgram(opened?.[0] ?? program, inputs, outputs, resolve);
      first?.set([0, 0] as never);
    });
    expect(error).toBeUndefined();
    expect(second).toEqual(Float32Array.of(6, 5));
  });

  it('refuses a bound run of a program that was released', () => {
    const [, inputs, outputs] = valid.runProgram() as Parameters<NativeBinding['runProgram']>;
    const program = Reflect.apply(binding.createProgram, binding, valid.createProgram());
    const run = binding.bindProgram(program, inputs, outputs);
    run();
    binding.release(program);
    expect(run).toThrow(expect.objectContaining({ code: 'CPU_INVALID_ARGUMENT' }));
  });

  it('refuses a later run whose output was detached meanwhile', async () => {
    const [program, inputs] = valid.runProgram() as Parameters<NativeBinding['runProgram']>;
    const output = new Float32Array(2);
    const error = await new Promise((resolve) => {
      binding.startProgram(program, inputs, [output], resolve);
      detached(output);
    });
    expect(error).toMatchObject({ code: 'CPU_INVALID_ARGUMENT' });
  });

  it('frees weights once however often they are released', () => {
    const handle = binding.packMatrix(new Int8Array(4), 2, 2, 2, 1, undefined);
    binding.release(handle);
    binding.release(handle);
    const call = valid.matmul();
    call[0] = handle;
    expect(() => Reflect.apply(binding.matmul, binding, call)).toThrowError(/released weights/);
    expect(() => Reflect.apply(binding.release, binding, [{}])).toThrowError(/packed weights/);
  });
});
