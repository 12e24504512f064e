import type { FloatConv2dHandle, NativeBinding } from './binding.js';
import { type Conv2dGeometry, conv2dOutputLength, nativeGeometry } from './conv2d-geometry.js';
import { callNative } from './cpu-error.js';
import { allocateOutput } from './epilogue.js';
import { type FloatEpilogue, nativeActivation } from './float-epilogue.js';
import type { HalfType } from './half-floats.js';
import { loadBinding } from './load-binding.js';
import { NativeWeights } from './native-weights.js';

/** Float convolution weights as ONNX stores them. */
export interface FloatConv2dWeightsToPack {
  /** `[outChannels, inChannels / groups, kernelH, kernelW]`, dense: floats, or the bits of 16-bit floats. */
  readonly data: Float32Array | Uint16Array;
  /** What the bits of a Uint16Array stand for; `float16` by default. */
  readonly type?: HalfType | undefined;
  readonly shape: readonly [outChannels: number, groupChannels: number, kernelH: number, kernelW: number];
  /** 1 by default. */
  readonly groups?: number | undefined;
}

/** Float convolution weights in the layout of this CPU's kernels, in native memory; see `PackedWeights`. */
export class PackedFloatConv2d extends NativeWeights<FloatConv2dHandle> {
  readonly outChannels: number;
  readonly inChannels: number;
  readonly kernel: readonly [height: number, width: number];

  /** Use `packFloatConv2d`. */
  constructor(binding: NativeBinding, weights: FloatConv2dWeightsToPack) {
    const { data, shape, type = 'float16', groups = 1 } = weights;
    const [outChannels, groupChannels, height, width] = shape;
    super(
      binding,
      callNative(() =>
        binding.packFloatConv2d(data, type === 'bfloat16', outChannels, groupChannels, height, width, groups),
      ),
    );
    this.outChannels = outChannels;
    this.inChannels = groupChannels * groups;
    this.kernel = [height, width];
  }
}

/**
 * Packs float convolution weights once, for any number of images.
 *
 * @throws CpuError `CPU_BINDING_NOT_FOUND` without the addon; `CPU_INVALID_ARGUMENT` for shapes that do not match the
 *   data or the groups; `CPU_OUT_OF_MEMORY`
 */
export function packFloatConv2d(weights: FloatConv2dWeightsToPack): PackedFloatConv2d {
  return new PackedFloatConv2d(loadBinding().binding, weights);
}

/** A float convolution over a batch of images and where it goes. */
export interface FloatConv2dOptions extends Conv2dGeometry, FloatEpilogue {
  /** `[batch, channels, height, width]` or `[batch, height, width, channels]`, as `layout` says; dense. */
  readonly input: Float32Array;
  readonly packed: PackedFloatConv2d;
  /** The dense output, of exactly its length; must not overlap `input`. A new array by default. */
  readonly out?: Float32Array | undefined;
  /** At most this many threads; those of the process by default. */
  readonly threads?: number | undefined;
}

/**
 * A float convolution, padded with 0, through the epilogue; summed in float32 in the order that suits the CPU. NHWC for
 * both layouts is the fastest.
 *
 * @returns `out`
 * @throws CpuError `CPU_INVALID_ARGUMENT` naming the argument: lengths that do not match, a dilated kernel larger than
 *   the padded input, strides or dilations below 1, negative padding; `CPU_OUT_OF_MEMORY`
 */
export function floatConv2d(options: FloatConv2dOptions): Float32Array {
  const { input, packed, bias, residual, threads = 0 } = options;
  const length = conv2dOutputLength(options, packed.outChannels);
  const out = options.out ?? allocateOutput({ output: 'float32', scales: 1 }, length);
  const geometry = nativeGeometry(options);
  const activation = nativeActivation(options.activation);
  const { binding, handle } = packed.native;
  callNative(() => binding.floatConv2d(handle, input, geometry, bias, residual, activation, out, threads));
  return out;
}
