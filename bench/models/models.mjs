/**
 * The models of the data folder that can be run, with sizes of their open dimensions. `static` ones are also quantized
 * to INT8 with random calibration samples: speed does not depend on the ranges.
 * @type {readonly { path: string, dims?: Record<string, number>, kind: 'convolutional' | 'transformer' | 'recurrent' | 'tabular', quantize?: boolean }[]}
 */
export const models = [
  { path: 'tabular/kc_house/kc_house_mlp.onnx', kind: 'tabular', quantize: true },
  { path: 'audio/wakeword/computer_v2.onnx', kind: 'tabular', quantize: true },
  { path: 'vision/mlperf_tiny/ad_autoencoder.onnx', kind: 'tabular', quantize: true },
  { path: 'vision/mnist_cntk/mnist.onnx', kind: 'convolutional', quantize: true },
  { path: 'vision/mlperf_tiny/kws_dscnn.onnx', kind: 'convolutional', quantize: true },
  { path: 'vision/mlperf_tiny/resnet8_cifar10.onnx', kind: 'convolutional', quantize: true },
  { path: 'vision/mlperf_tiny/vww_mobilenetv1_025_96.onnx', kind: 'convolutional', quantize: true },
  { path: 'vision/cifar_resnet/resnet20_cifar10.onnx', kind: 'convolutional', quantize: true },
  { path: 'vision/ultraface/version-slim-320.onnx', kind: 'convolutional', quantize: true },
  { path: 'vision/ultraface/version-RFB-320.onnx', kind: 'convolutional', quantize: true },
  { path: 'vision/fastestdet/FastestDet.onnx', kind: 'convolutional', quantize: true },
  { path: 'vision/tiny_darknet/tiny_darknet.onnx', kind: 'convolutional', quantize: true },
  { path: 'vision/mobilenetv2_u8/mobilenetv2_1.0_224_u8dq.onnx', kind: 'convolutional', quantize: true },
  { path: 'text/magika/model.onnx', kind: 'convolutional' },
  { path: 'lm/gpt_nano_sort/gpt_nano_sort.onnx', dims: { B: 1, S: 11 }, kind: 'transformer', quantize: true },
  { path: 'lm/stories260K/stories260K.onnx', dims: { B: 1, S: 128 }, kind: 'transformer', quantize: true },
  { path: 'lm/char_lstm_shakespeare/char_lstm_shakespeare.onnx', dims: { S: 64, B: 1 }, kind: 'recurrent' },
  { path: 'audio/silero_vad/silero_vad_16k_op15.onnx', dims: { batch: 1, sequence: 576 }, kind: 'recurrent' },
  {
    path: 'audio/silero_vad/silero_vad_op18_ifless.onnx',
    dims: { batch: 1, sequence: 576 },
    kind: 'recurrent',
  },
];
