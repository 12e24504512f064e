/** A convolution over an image of `size` x `size`, with padding that keeps it (divided by the stride). */
export interface ConvLayer {
  readonly size: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly groups: number;
}

const dense = (
  size: number,
  channels: number,
  outChannels: number,
  kernel: number,
  stride = 1,
): ConvLayer => ({
  size,
  channels,
  outChannels,
  kernel,
  stride,
  groups: 1,
});

const depthwise = (size: number, channels: number, stride = 1, kernel = 3): ConvLayer => ({
  size,
  channels,
  outChannels: channels,
  kernel,
  stride,
  groups: channels,
});

/** Convolutions of real networks, by network. */
export const CONV_LAYERS: Readonly<Record<string, readonly ConvLayer[]>> = {
  'resnet-50': [
    dense(224, 3, 64, 7, 2),
    dense(56, 64, 64, 1),
    dense(56, 64, 64, 3),
    dense(56, 64, 256, 1),
    dense(56, 256, 128, 1, 2),
    dense(28, 128, 128, 3),
    dense(28, 512, 128, 1),
    dense(14, 256, 256, 3),
    dense(14, 256, 1024, 1),
    dense(7, 512, 512, 3),
    dense(7, 2048, 512, 1),
  ],
  'mobilenet-v2': [
    dense(224, 3, 32, 3, 2),
    depthwise(112, 32),
    dense(112, 32, 16, 1),
    dense(112, 16, 96, 1),
    depthwise(112, 96, 2),
    dense(56, 96, 24, 1),
    depthwise(56, 144),
    depthwise(56, 144, 2),
    depthwise(28, 192),
    depthwise(28, 192, 2),
    depthwise(14, 384),
    depthwise(14, 576),
    depthwise(14, 576, 2),
    dense(14, 96, 576, 1),
    depthwise(7, 960),
    dense(7, 960, 320, 1),
  ],
  torture: [
    { ...dense(14, 64, 64, 3), groups: 4 },
    depthwise(28, 96, 1, 5),
    dense(13, 7, 13, 5),
    dense(28, 24, 17, 3, 2),
  ],
};
