import type { ByteArray, Conv2dHandle, NativeBinding } from './binding.js';
import { type Conv2dGeometry, conv2dOutputLength, nativeGeometry } from './conv2d-geometry.js';
import { callNative } from './cpu-error.js';
import { allocateOutput, type Epilogue, nativeEpilogue, type OutputOf } from './epilogue.js';
import { loadBinding } from './load-binding.js';
import { NativeWeights } from './native-weights.js';
import { toZeroPoints } from './packed-weights.js';

/** Convolution weights as ONNX stores them. */
export interface Conv2dWeightsToPack {
  /** `[outChannels, inChannels / groups, kernelH, kernelW]`, dense. */
  readonly data: ByteArray;
  readonly shape: readonly [outChannels: number, groupChannels: number, kernelH: number, kernelW: number];
  /** 1 by default. */
  readonly groups?: number | undefined;
  /** Within the range of the data's type: one for all, or one an output channel; 0 by default. */
  readonly zeroPoints?: number | ByteArray | Int32Array | undefined;
}

/** Convolution weights in the layout of this CPU's kernels, in native memory; see `PackedWeights`. */
export class PackedConv2d extends NativeWeights<Conv2dHandle> {
  readonly outChannels: number;
  readonly inChannels: number;
  readonly kernel: readonly [height: number, width: number];

  /** Use `packConv2d`. */
  constructor(binding: NativeBinding, weights: Conv2dWeightsToPack) {
    const { data, shape, groups = 1 } = weights;
    const [outChannels, groupChannels, height, width] = shape;
    const zeroPoints = toZeroPoints(weights.zeroPoints);
    super(
      binding,
      callNative(() =>
        binding.packConv2d(data, outChannels, groupChannels, height, width, groups, zeroPoints),
      ),
    );
    this.outChannels = outChannels;
    this.inChannels = groupChannels * groups;
    this.kernel = [height, width];
  }
}

/**
 * Packs convolution weights once, for any number of images.
 *
 * @throws CpuError `CPU_BINDING_NOT_FOUND` without the addon; `CPU_INVALID_ARGUMENT` for shapes that do not match the
 *   data or the groups; `CPU_OUT_OF_MEMORY`
 */
export function packConv2d(weights: Conv2dWeightsToPack): PackedConv2d {
  return new PackedConv2d(loadBinding().binding, weights);
}

/** A convolution over a batch of images and where it goes. */
export interface Conv2dOptions<E extends Epilogue> extends Conv2dGeometry {
  /** `[batch, channels, height, width]` or `[batch, height, width, channels]`, as `layout` says; dense. */
  readonly input: ByteArray;
  readonly packed: PackedConv2d;
  readonly epilogue: E;
  /** The input's zero point, which is also the value of padding; 0 by default. */
  readonly zeroPoint?: number | undefined;
  /** The dense output, of exactly its length; must not overlap `input`. A new array by default. */
  readonly out?: OutputOf<E> | undefined;
}

/**
 * An 8-bit convolution: the sum over a group's channels and taps of
 * `(input - zeroPoint) * (weight - weightZeroPoint)`, in int32 modulo 2^32, through the epilogue. The same bits on
 * every CPU.
 *
 * @returns `out`
 * @throws CpuError `CPU_INVALID_ARGUMENT` naming the argument: lengths that do not match, a dilated kernel larger than
 *   the padded input, strides or dilations below 1, negative padding; `CPU_OUT_OF_MEMORY`
 */
export function conv2d<const E extends Epilogue>(options: Conv2dOptions<E>): OutputOf<E> {
  const { input, packed, epilogue, zeroPoint = 0 } = options;
  const out = options.out ?? allocateOutput(epilogue, conv2dOutputLength(options, packed.outChannels));
  const { binding, handle } = packed.native;
  const finish = nativeEpilogue(epilogue, out, 0);
  const geometry = nativeGeometry(options);
  callNative(() => binding.conv2d(handle, input, geometry, zeroPoint, ...finish));
  return out;
}
