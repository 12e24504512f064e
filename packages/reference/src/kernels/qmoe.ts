import { defineKernel, SUPPORTED, type Support, unsupported } from '@octavo/backend';
import { geluTanh, type Node, QMoE, type RealFunction, relu, sigmoid } from '@octavo/core/ir';
import { type Shape, sameShape, Tensor } from '@octavo/core/tensor';
import { blockWeights, unpackBits } from '../block-weights.js';
import { routeRows } from '../expert-routes.js';
import { type FloatArray, floats, floatTensor } from '../floats.js';
import { refuse } from '../integer-operands.js';
import { matMulSums, planMatMul } from '../matmul-plan.js';
import { operand } from '../operand.js';
import { sliceAt } from '../stack.js';

type Attributes = ReturnType<typeof QMoE.attributes>;
type Inputs = readonly (Tensor | undefined)[];

/** `x W' + b` of one expert for rows of x. */
type Layer = (expert: number, rows: FloatArray) => Float64Array;

function supports(node: Node): Support {
  const attributes = QMoE.attributes(node);
  const { expert_weight_bits: bits, activation_type: activation, swiglu_fusion: fusion } = attributes;
  if (attributes.quant_type !== 'int') return unsupported(`QMoE with ${attributes.quant_type} weights`);
  if (bits !== 2 && bits !== 4 && bits !== 8) return unsupported(`QMoE with ${bits} bits`);
  if (node.inputs[8]) return unsupported('QMoE with a third layer');
  if (attributes.use_sparse_mixer) return unsupported('QMoE with a sparse mixer');
  if (attributes.weights_prepacked > 0) return unsupported('QMoE with prepacked weights');
  if (activation === 'swiglu' && fusion !== 1)
    return unsupported('QMoE whose swiglu pairs are no neighbours');
  return SUPPORTED;
}

const ACTIVATIONS: Readonly<Record<Exclude<Attributes['activation_type'], 'swiglu'>, RealFunction>> = {
  relu,
  gelu: geluTanh,
  silu: (x) => x * sigmoid(x),
  identity: (x) => x,
};

function activate(x: Float64Array, attributes: Attributes): Float64Array {
  const { activation_type: type, activation_alpha: alpha, activation_beta: beta } = attributes;
  if (type !== 'swiglu') return x.map(ACTIVATIONS[type]);
  const limit = attributes.swiglu_limit ?? Number.POSITIVE_INFINITY;
  return Float64Array.from({ length: x.length / 2 }, (_, i) => {
    const gate = Math.min(x[2 * i] ?? 0, limit);
    const linear = Math.min(Math.max(x[2 * i + 1] ?? 0, -limit), limit);
    return gate * sigmoid(alpha * gate) * (linear + beta);
  });
}

/** Zero points of blocks are packed by row, as MatMulNBits has them; those of rows one behind the other. */
function zeroPointsOf(
  all: Tensor | undefined,
  expert: number,
  rows: number,
  { block_size: size, expert_weight_bits: bits }: Attributes,
) {
  if (!all) return undefined;
  const own = sliceAt(all, 0, expert);
  if (size > 0) return own;
  return new Tensor('float32', [rows], Float32Array.from(unpackBits(own.bytes, bits)).subarray(0, rows));
}

function layer(
  [weights, scales, zeroPoints, bias]: readonly [Tensor, Tensor, Tensor | undefined, Tensor | undefined],
  attributes: Attributes,
): Layer {
  const { expert_weight_bits: bits, block_size: size } = attributes;
  const [, rows = 0, bytes = 0] = weights.shape;
  const columns = (bytes * 8) / bits;
  const layout = { K: columns, N: rows, bits, block_size: size || columns };
  return (expert, x) => {
    const zero = zeroPointsOf(zeroPoints, expert, rows, attributes);
    const decoded = blockWeights(
      sliceAt(weights, 0, expert),
      sliceAt(scales, 0, expert),
      zero,
      layout,
      Float32Array,
    );
    const sums = matMulSums(x, decoded, planMatMul([x.length / columns, columns], [columns, rows]));
    const added = bias && floats(sliceAt(bias, 0, expert));
    return added ? sums.map((sum, i) => sum + (added[i % rows] ?? 0)) : sums;
  };
}

/** What the layers of every expert lead from and to. */
interface Widths {
  readonly experts: number;
  readonly hidden: number;
}

/** Throws KernelError `KERNEL_OPERAND` where the layers are not those of `experts` that take and give `hidden` numbers. */
function layers(inputs: Inputs, attributes: Attributes, widths: Widths): readonly [Layer, Layer] {
  const { experts, hidden } = widths;
  const { activation_type: type, expert_weight_bits: bits } = attributes;
  const rows = operand(inputs, 2).shape[1] ?? 0;
  const inner = type === 'swiglu' ? rows / 2 : rows;
  const packed = (columns: number) => (columns * bits) / 8;
  expectShape('the first weights', inputs[2], [experts, rows, packed(hidden)]);
  expectShape('the second weights', inputs[5], [experts, hidden, packed(inner)]);
  expectShape('the first biases', inputs[4], [experts, rows]);
  expectShape('the second biases', inputs[7], [experts, hidden]);
  for (const index of [3, 6, 11, 12]) {
    const count = inputs[index]?.shape[0] ?? experts;
    if (count !== experts) refuse(`scales or zero points are those of ${count} experts, not ${experts}.`);
  }
  return [
    layer([operand(inputs, 2), operand(inputs, 3), inputs[11], inputs[4]], attributes),
    layer([operand(inputs, 5), operand(inputs, 6), inputs[12], inputs[7]], attributes),
  ];
}

function expectShape(name: string, tensor: Tensor | undefined, expected: Shape): void {
  if (!tensor || sameShape(tensor.shape, expected)) return;
  refuse(`${name} are [${tensor.shape.join(', ')}], not [${expected.join(', ')}].`);
}

/** See `ops/microsoft-experts.ts`; weights are decoded for the experts that rows choose. */
export const qmoe = defineKernel(QMoE, {
  supports,
  prepare:
    ({ attributes }) =>
    (inputs) => {
      const [input, scores] = [operand(inputs, 0), operand(inputs, 1)];
      const x = floats(input);
      const width = input.shape.at(-1) ?? 1;
      if (scores.shape.length !== 2 || (scores.shape[0] ?? 0) * width !== x.length) {
        refuse(`scores of [${scores.shape.join(', ')}] do not route rows of [${input.shape.join(', ')}].`);
      }
      expectShape('router_weights', inputs[14], scores.shape);
      const [first, second] = layers(inputs, attributes, { experts: scores.shape[1] ?? 0, hidden: width });
      const routes = routeRows(floats(scores), scores.shape, {
        k: attributes.k,
        weights: inputs[14] && floats(inputs[14]),
        normalize: attributes.normalize_routing_weights !== 0,
      });
      const out = new Float64Array(x.length);
      routes.forEach((taken, expert) => {
        if (taken.length === 0) return;
        const rows = new Float64Array(taken.length * width);
        taken.forEach(({ row }, i) => {
          rows.set(x.subarray(row * width, (row + 1) * width), i * width);
        });
        const y = second(expert, activate(first(expert, rows), attributes));
        taken.forEach(({ row, weight }, i) => {
          for (let j = 0; j < width; j++) {
            out[row * width + j] = (out[row * width + j] ?? 0) + weight * (y[i * width + j] ?? 0);
          }
        });
      });
      return [floatTensor(input.dtype, input.shape, out)];
    },
});
