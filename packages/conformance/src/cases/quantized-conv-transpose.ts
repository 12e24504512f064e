import type { ConformanceCase } from '../conformance-case.js';
import { graphText, productScale, quantizedText, scalesAround } from './graph-text.js';

const [X_SCALE, W_SCALE] = [0.037, 0.011];

interface TransposeSpec {
  readonly what: string;
  /** `[inputs, outputs / group, kernel]`. */
  readonly w: readonly number[];
  readonly perChannel?: boolean;
  readonly attributes: string;
  readonly floatOutput?: boolean;
}

const SPECS: readonly TransposeSpec[] = [
  {
    what: 'strides and output padding',
    w: [4, 5, 3, 3],
    attributes: 'strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 0]',
  },
  { what: 'weights per channel', w: [4, 5, 2, 2], perChannel: true, attributes: 'strides=[2, 2]' },
  { what: 'groups and dilations', w: [4, 3, 3, 2], attributes: 'group=2, dilations=[1, 2]' },
  {
    what: 'float output',
    w: [4, 5, 3, 3],
    perChannel: true,
    attributes: 'strides=[2, 1]',
    floatOutput: true,
  },
];

/** ConvTranspose on quantized values: int32 sums and bias, one requantization. */
export const quantizedConvTransposeCases: readonly ConformanceCase[] = SPECS.map((spec) => {
  const [inputs = 1, groupOutputs = 1] = spec.w;
  const outputs = spec.attributes.includes('group=2') ? 2 * groupOutputs : groupOutputs;
  const scales = spec.perChannel ? scalesAround(W_SCALE, outputs) : [W_SCALE];
  const biasScales = scales.map((scale) => Math.fround(Math.fround(X_SCALE) * Math.fround(scale)));
  const y = spec.floatOutput
    ? 'float32[?, ?, ?, ?]'
    : quantizedText('uint8', '?, ?, ?, ?', productScale(X_SCALE, W_SCALE, 9), 120);
  return {
    name: `quantized ConvTranspose: ${spec.what}`,
    graph: graphText(
      `input %x: ${quantizedText('uint8', `2, ${inputs}, 4, 5`, X_SCALE, 131)}`,
      `value %w: ${quantizedText('int8', spec.w.join(', '), scales, 0, 1)}`,
      `value %b: ${quantizedText('int32', `${outputs}`, biasScales, 0)}`,
      `%y: ${y} = ConvTranspose(%x, %w, %b) {${spec.attributes}}`,
      'output %y',
    ),
  };
});
