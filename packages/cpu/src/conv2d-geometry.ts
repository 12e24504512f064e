/** Order of an image's dimensions. */
export type Layout = 'NCHW' | 'NHWC';

/** The images of a batch, and how a kernel steps over them. */
export interface Conv2dGeometry {
  /** Batch, height and width of the input; its channels are the packed weights'. */
  readonly size: readonly [batch: number, height: number, width: number];
  /** `[1, 1]` by default, like the dilations. */
  readonly strides?: readonly [height: number, width: number] | undefined;
  readonly dilations?: readonly [height: number, width: number] | undefined;
  /** As ONNX orders them; none by default. */
  readonly pads?: readonly [top: number, left: number, bottom: number, right: number] | undefined;
  /** `NCHW` by default, like the output's layout. */
  readonly layout?: Layout | undefined;
  readonly outLayout?: Layout | undefined;
}

/** Height and width of a convolution's output: `floor((size + pads - dilation * (kernel - 1) - 1) / stride) + 1`. */
export function conv2dOutputSize(
  geometry: Conv2dGeometry & {
    readonly packed: { readonly kernel: readonly [height: number, width: number] };
  },
): [height: number, width: number] {
  const { size, packed, strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0] } = geometry;
  const [, height, width] = size;
  const positions = (padded: number, kernel: number, dilation: number, stride: number) =>
    Math.floor((padded - dilation * (kernel - 1) - 1) / stride) + 1;
  return [
    positions(height + pads[0] + pads[2], packed.kernel[0], dilations[0], strides[0]),
    positions(width + pads[1] + pads[3], packed.kernel[1], dilations[1], strides[1]),
  ];
}

const MAX_GEOMETRY = 2 ** 31 - 1;

/** A geometry as the addon takes it. */
export function nativeGeometry(geometry: Conv2dGeometry): Int32Array {
  const { strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0] } = geometry;
  const { layout = 'NCHW', outLayout = 'NCHW' } = geometry;
  const sizes = [...geometry.size, ...strides, ...dilations, ...pads];
  // A number that int32 cannot hold would be stored as another; -1 is refused.
  const exact = sizes.map((size) => (Number.isInteger(size) && size <= MAX_GEOMETRY ? size : -1));
  return Int32Array.of(...exact, layout === 'NCHW' ? 0 : 1, outLayout === 'NCHW' ? 0 : 1);
}

/** Elements to allocate for a convolution's output; sizes that make no sense allocate nothing and are refused later. */
export function conv2dOutputLength(
  geometry: Parameters<typeof conv2dOutputSize>[0],
  outChannels: number,
): number {
  const [height, width] = conv2dOutputSize(geometry);
  const length = geometry.size[0] * outChannels * height * width;
  return Number.isSafeInteger(length) && length >= 0 ? length : 0;
}
