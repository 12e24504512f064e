import {
  Add,
  AveragePool,
  Clip,
  Clip6,
  Concat,
  GlobalAveragePool,
  LeakyRelu,
  Mul,
  type Node,
  type Op,
  outputOf,
  QLinearAdd,
  QLinearAveragePool,
  QLinearConcat,
  QLinearGlobalAveragePool,
  QLinearLeakyRelu,
  QLinearMul,
  QLinearSigmoid,
  QLinearSoftmax,
  Relu,
  Sigmoid,
  Softmax,
  type Value,
} from '@octavo/core/ir';
import { quantizeNumbers, sameQuantization } from '@octavo/core/quant';
import { fromNumbers, StoredTensor } from '@octavo/core/tensor';
import { clampBounds } from '../qdq/clamp.js';
import { activationProblem, type Lowering, type LoweringContext, operandOf } from './lowering.js';

function binary(op: Op, lowered: typeof QLinearAdd): Lowering {
  return {
    op,
    declines: (node) => activationProblem([...node.inputs, node.output]),
    lower(node, context) {
      const [a, b] = [operandOf(context, node.inputs[0]), operandOf(context, node.inputs[1])];
      const c = operandOf(context, node.output);
      const slots = {
        A: a.value,
        A_scale: a.scale,
        A_zero_point: a.zeroPoint,
        B: b.value,
        B_scale: b.scale,
        B_zero_point: b.zeroPoint,
        C_scale: c.scale,
        C_zero_point: c.zeroPoint,
      };
      return outputOf(context.graph.emit(lowered, slots, {}, { name: node.name }));
    },
  };
}

type UnarySlots = typeof QLinearSigmoid.inputSlots;

/** The five operands that ops with one input have. */
function unarySlots(node: Node, context: LoweringContext) {
  const [x, y] = [operandOf(context, node.inputs[0]), operandOf(context, node.output)];
  return {
    X: x.value,
    X_scale: x.scale,
    X_zero_point: x.zeroPoint,
    Y_scale: y.scale,
    Y_zero_point: y.zeroPoint,
  };
}

const unaryProblem = (node: Node): string | undefined => activationProblem([node.inputs[0], node.output]);

/** Ops with one input whose attributes are among those of the integer op. */
function unary(op: Op, lowered: Op & { readonly inputSlots: UnarySlots }): Lowering {
  return {
    op,
    declines: unaryProblem,
    lower(node, context) {
      const { graph } = context;
      const slots = Object.values(unarySlots(node, context));
      const output = graph.addValue(graph.uniqueName(outputOf(node).name), outputOf(node).type);
      const attributes = new Map([...node.attributes].filter(([name]) => name !== 'dilations'));
      const parts = { name: node.name, inputs: slots, outputs: [output], attributes };
      return outputOf(graph.addNode(lowered, parts));
    },
  };
}

/** The integer op has no dilations: ONNX has them since opset 19. */
const averagePool: Lowering = {
  ...unary(AveragePool, QLinearAveragePool),
  declines(node) {
    const { dilations } = AveragePool.attributes(node);
    return dilations?.some((dilation) => dilation !== 1)
      ? 'onnxruntime averages integers without dilations'
      : unaryProblem(node);
  },
};

const softmax: Lowering = {
  op: Softmax,
  declines: unaryProblem,
  lower(node, context) {
    const { graph } = context;
    const attributes = { ...Softmax.attributes(node), opset: graph.opset };
    return outputOf(graph.emit(QLinearSoftmax, unarySlots(node, context), attributes, { name: node.name }));
  },
};

const concat: Lowering = {
  op: Concat,
  declines: (node) => activationProblem([...node.inputs, node.output]),
  lower(node, context) {
    const y = operandOf(context, node.output);
    const inputs = node.inputs.flatMap((value) => {
      const each = operandOf(context, value);
      return [each.value, each.scale, each.zeroPoint];
    });
    const slots = { Y_scale: y.scale, Y_zero_point: y.zeroPoint, inputs };
    const { axis } = Concat.attributes(node);
    return outputOf(context.graph.emit(QLinearConcat, slots, { axis }, { name: node.name }));
  },
};

/** A clamp that its range does not imply: between the integers of its bounds. */
function clamp(op: Op): Lowering {
  return {
    op,
    declines: (node) => {
      const problem = activationProblem([node.inputs[0], node.output]);
      if (problem) return problem;
      const [from, to] = [node.inputs[0]?.quantized, node.output?.quantized];
      // The integers are clamped as they are: they must mean the same before and after.
      if (!from || !to || !sameQuantization(from, to)) return 'its result is quantized in another way';
      return clampBounds(node) ? undefined : 'its bounds are not constant';
    },
    lower(node, { graph }) {
      const output = outputOf(node);
      const type = output.quantized;
      const bounds = clampBounds(node);
      const [input] = node.inputs;
      if (!type || !bounds || !input) throw new Error('a clamp on quantized values');
      const [low, high] = quantizeNumbers(Float32Array.of(bounds.low, bounds.high), [2], type);
      const bound = (name: string, integer = 0): Value =>
        graph.addInitializer(
          `${output.name}_${name}`,
          StoredTensor.of(fromNumbers(type.storage, [], [integer])),
        );
      const slots = { input, min: bound('min', low), max: bound('max', high) };
      return outputOf(graph.emit(Clip, slots, {}, { name: node.name }));
    },
  };
}

/** Element by element, pooled, or joined. */
export const elementwiseLowerings: readonly Lowering[] = [
  binary(Add, QLinearAdd),
  binary(Mul, QLinearMul),
  unary(Sigmoid, QLinearSigmoid),
  unary(LeakyRelu, QLinearLeakyRelu),
  averagePool,
  unary(GlobalAveragePool, QLinearGlobalAveragePool),
  softmax,
  concat,
  clamp(Relu),
  clamp(Clip),
  clamp(Clip6),
];
