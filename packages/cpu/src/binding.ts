import type { TensorArray } from '@octavo/core/tensor';

/** Elements that the kernels multiply. */
export type ByteArray = Int8Array | Uint8Array;

/** Elements that the kernels write; the kind of array chooses the output type. */
export type OutputArray = Int8Array | Uint8Array | Int32Array | Float32Array;

declare const packedMatrix: unique symbol;
declare const packedConv2d: unique symbol;
declare const packedFloatMatrix: unique symbol;
declare const packedFloatConv2d: unique symbol;
declare const packedBlockMatrix: unique symbol;
declare const constantBlock: unique symbol;
declare const nativeProgram: unique symbol;

/** Packed matrix weights in native memory. Only the addon makes such an object, and it knows its own. */
export interface MatrixHandle {
  readonly [packedMatrix]: true;
}

/** Packed convolution weights in native memory. */
export interface Conv2dHandle {
  readonly [packedConv2d]: true;
}

/** Packed float matrix weights in native memory. */
export interface FloatMatrixHandle {
  readonly [packedFloatMatrix]: true;
}

/** Packed float convolution weights in native memory. */
export interface FloatConv2dHandle {
  readonly [packedFloatConv2d]: true;
}

/** Packed block-quantized matrix weights in native memory. */
export interface BlockMatrixHandle {
  readonly [packedBlockMatrix]: true;
}

/** Weights that programs multiply by. */
export type WeightsHandle =
  | MatrixHandle
  | Conv2dHandle
  | FloatMatrixHandle
  | FloatConv2dHandle
  | BlockMatrixHandle;

/** Values that programs share, in native memory. */
export interface ConstantHandle {
  readonly [constantBlock]: true;
}

/** A flat list of ops over one arena, in native memory. */
export interface ProgramHandle {
  readonly [nativeProgram]: true;
}

/** How many threads the pool of the process has, and for how long they look for work before they sleep. */
export interface NativeThreads {
  readonly threads: number;
  readonly spinMicroseconds: number;
}

/** A limit of this machine, measured; no instruction and 0 where none is known for this CPU. */
export interface NativePeak {
  readonly instruction: string;
  readonly perSecond: number;
}

/** Feature names, separated by spaces. */
export interface NativeIsa {
  readonly detected: string;
  readonly active: string;
  /** Names in `OCTAVO_ISA` that are not features. */
  readonly unknown: string;
  readonly gemmKernel: string;
  readonly floatKernel: string;
  /** The compiler that built the addon, and its flags. */
  readonly build: string;
}

/** How accumulators become outputs: the trailing arguments of `matmul` and `conv2d`, before the strides. */
export type NativeEpilogue = [
  bias: Int32Array | undefined,
  scales: Float32Array | undefined,
  rowScales: Float32Array | undefined,
  floatBias: Float32Array | undefined,
  zeroPoint: number,
  clampMin: number,
  clampMax: number,
  out: OutputArray,
  /** 256 entries, of the kind of `out`. */
  table: ByteArray | undefined,
  residual: ByteArray | undefined,
  /** 0 for convolutions. */
  residualStride: number,
  /** Ratio, ratio of the residual, offset, smallest and largest output, where there is a residual. */
  sum: Float32Array | undefined,
];

/**
 * What the addon exports, exactly. Every argument is checked natively; a refused call throws an `Error` with
 * `code` `CPU_INVALID_ARGUMENT` or `CPU_OUT_OF_MEMORY` and has written nothing.
 */
export interface NativeBinding {
  version(): string;
  isa(): NativeIsa;
  /** Element (k, n) of the weights is `data[k * kStride + n * nStride]`. */
  packMatrix(
    data: ByteArray,
    k: number,
    n: number,
    kStride: number,
    nStride: number,
    zeroPoints: Int32Array | undefined,
  ): MatrixHandle;
  matmul(
    packed: MatrixHandle,
    lhs: ByteArray,
    m: number,
    lhsStride: number,
    lhsZeroPoints: Int32Array | undefined,
    ...epilogueAndStride: [...NativeEpilogue, outStride: number]
  ): void;
  /** Weights `[outChannels, groupChannels, kernelH, kernelW]`, dense. */
  packConv2d(
    data: ByteArray,
    outChannels: number,
    groupChannels: number,
    kernelH: number,
    kernelW: number,
    groups: number,
    zeroPoints: Int32Array | undefined,
  ): Conv2dHandle;
  /**
   * `geometry`: batch, height, width, strideH, strideW, dilationH, dilationW, padTop, padLeft, padBottom, padRight,
   * input layout, output layout (0 for NCHW, 1 for NHWC).
   */
  conv2d(
    packed: Conv2dHandle,
    input: ByteArray,
    geometry: Int32Array,
    inputZeroPoint: number,
    ...epilogue: NativeEpilogue
  ): void;
  /**
   * Element (k, n) of the weights is `data[k * kStride + n * nStride]`: floats, or the bits of 16-bit floats, which
   * stay so wide when packed. `inBfloat16`: both sides of a product are rounded to bfloat16, the packed copy holds that.
   */
  packFloatMatrix(
    data: Float32Array | Uint16Array,
    bfloat16: boolean,
    k: number,
    n: number,
    kStride: number,
    nStride: number,
    inBfloat16: boolean,
  ): FloatMatrixHandle;
  /** Weights `[outChannels, groupChannels, kernelH, kernelW]`, dense. */
  packFloatConv2d(
    data: Float32Array | Uint16Array,
    bfloat16: boolean,
    outChannels: number,
    groupChannels: number,
    kernelH: number,
    kernelW: number,
    groups: number,
  ): FloatConv2dHandle;
  /**
   * Strides are in numbers of `bits` bits, as `octavo/block_matmul.h` says; scales are floats, or the bits of float16.
   */
  packBlockMatrix(
    data: Uint8Array,
    bits: number,
    isSigned: boolean,
    k: number,
    n: number,
    blockSize: number,
    kStride: number,
    nStride: number,
    scales: Float32Array | Uint16Array,
    scaleBlockStride: number,
    scaleNStride: number,
    zeroPoints: Uint8Array | undefined,
    zeroPointBlockStride: number,
    zeroPointNStride: number,
  ): BlockMatrixHandle;
  /** As `floatMatmul`; `dynamicInt8` chooses the mode. */
  blockMatmul(
    packed: BlockMatrixHandle,
    lhs: Float32Array,
    m: number,
    lhsStride: number,
    dynamicInt8: boolean,
    bias: Float32Array | undefined,
    residual: Float32Array | undefined,
    residualStride: number,
    activation: Float32Array,
    out: Float32Array,
    outStride: number,
    threads: number,
  ): void;
  /** `activation`: its number in `octavo/float_epilogue.h`, alpha and beta. 0 threads: those of the process. */
  floatMatmul(
    packed: FloatMatrixHandle,
    lhs: Float32Array,
    m: number,
    lhsStride: number,
    bias: Float32Array | undefined,
    residual: Float32Array | undefined,
    residualStride: number,
    activation: Float32Array,
    out: Float32Array,
    outStride: number,
    threads: number,
  ): void;
  /** `geometry` as for `conv2d`. */
  floatConv2d(
    packed: FloatConv2dHandle,
    input: Float32Array,
    geometry: Int32Array,
    bias: Float32Array | undefined,
    residual: Float32Array | undefined,
    activation: Float32Array,
    out: Float32Array,
    threads: number,
  ): void;
  /** `shape`: the dense tensor's elements around the channels, channels, and elements of one channel. */
  quantize(
    x: Float32Array,
    shape: Int32Array,
    scales: Float32Array,
    zeroPoints: Int32Array,
    out: Int8Array | Uint8Array | Int16Array | Uint16Array,
  ): void;
  dequantize(
    q: Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array,
    shape: Int32Array,
    scales: Float32Array,
    zeroPoints: Int32Array,
    out: Float32Array,
  ): void;
  /** Writes a scale and a zero point for each row. */
  quantizeRows(
    x: Float32Array,
    rows: number,
    columns: number,
    out: Uint8Array,
    scales: Float32Array,
    zeroPoints: Int32Array,
  ): void;
  /** Floats to the bits of 16-bit floats, or back. */
  convertFloats(x: Float32Array | Uint16Array, bfloat16: boolean, out: Float32Array | Uint16Array): void;
  packNibbles(values: ByteArray, out: Uint8Array): void;
  unpackNibbles(packed: Uint8Array, out: ByteArray): void;
  /** Writes the smallest and the largest element; NaN twice where one is not finite. */
  extent(x: Float32Array, out: Float32Array): void;
  /**
   * Counts elements in bins `[first + i, first + i + 1) * 2^exponent`, one for each element of `out`.
   * @returns number of zeros, which are in no bin
   */
  countBins(x: Float32Array, exponent: number, first: number, out: Int32Array): number;
  /** The ops of programs; `createProgram` names them by position. */
  opNames(): string[];
  /** Copies values that programs read. */
  makeConstant(data: TensorArray): ConstantHandle;
  /**
   * `code` has for each op its position in `opNames()`, the counts of its operands and words, and those; an operand is
   * a slot's position, or -1. `slots` has for each slot its memory (0 for the arena, then constants, inputs and
   * outputs), first byte and size in bytes. 0 threads: those of the process.
   */
  createProgram(
    code: Int32Array,
    slots: Float64Array,
    arenaBytes: number,
    constants: readonly ConstantHandle[],
    weights: readonly WeightsHandle[],
    inputBytes: Float64Array,
    outputBytes: Float64Array,
    threads: number,
    metadata: string,
  ): ProgramHandle;
  /** Runs once; `nanoseconds` has a place for the time of each op. */
  runProgram(
    program: ProgramHandle,
    inputs: readonly TensorArray[],
    outputs: readonly TensorArray[],
    nanoseconds: Float64Array | undefined,
  ): void;
  /** A function that runs the program on these arrays until the program is released. */
  bindProgram(
    program: ProgramHandle,
    inputs: readonly TensorArray[],
    outputs: readonly TensorArray[],
  ): () => void;
  /**
   * Runs in another thread on a copy of the inputs, writes the outputs in this one, then calls `done`. The function
   * returned stops the run between ops: `done` then gets an error with `code` `CPU_STOPPED`.
   */
  startProgram(
    program: ProgramHandle,
    inputs: readonly TensorArray[],
    outputs: readonly TensorArray[],
    done: (error: Error | undefined) => void,
  ): () => void;
  /** Numbers by which every thread of the process can open the program while somebody holds it. */
  shareProgram(program: ProgramHandle): [id: number, generation: number];
  openProgram(id: number, generation: number): [program: ProgramHandle, metadata: string] | undefined;
  threads(): NativeThreads;
  /** For the whole process; 0 threads takes the number of physical cores. */
  setThreads(threads: number, spinMicroseconds: number): void;
  /** Kinds by number as in octavo/peak.h: 8-bit operations, fp32 operations, bytes read. */
  measurePeak(kind: number, threads: number, milliseconds: number): NativePeak;
  /** Lets go of packed weights, a constant or a program before it is collected; doing so again does nothing. */
  release(handle: WeightsHandle | ConstantHandle | ProgramHandle): void;
}

/** Every function of the interface; a test compares it with what the addon exports. */
export const BINDING_FUNCTIONS = {
  version: true,
  isa: true,
  packMatrix: true,
  matmul: true,
  packConv2d: true,
  conv2d: true,
  packFloatMatrix: true,
  packFloatConv2d: true,
  packBlockMatrix: true,
  blockMatmul: true,
  floatMatmul: true,
  floatConv2d: true,
  quantize: true,
  dequantize: true,
  quantizeRows: true,
  convertFloats: true,
  packNibbles: true,
  unpackNibbles: true,
  extent: true,
  countBins: true,
  opNames: true,
  makeConstant: true,
  createProgram: true,
  runProgram: true,
  bindProgram: true,
  startProgram: true,
  shareProgram: true,
  openProgram: true,
  threads: true,
  setThreads: true,
  measurePeak: true,
  release: true,
} as const satisfies Record<keyof NativeBinding, true>;

/** Whether a module is the addon: it exports the functions of the interface. */
export function isNativeBinding(exports: unknown): exports is NativeBinding {
  if (typeof exports !== 'object' || exports === null) return false;
  const members: object = exports;
  return Object.keys(BINDING_FUNCTIONS).every((name) => typeof Reflect.get(members, name) === 'function');
}
