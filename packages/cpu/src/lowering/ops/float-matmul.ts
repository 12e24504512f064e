import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import { Gemm, MatMul, type Node, type Value } from '@octavo/core/ir';
import { elementCount, type Tensor } from '@octavo/core/tensor';
import { fuseFloatEpilogue } from '../float-epilogue.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type LoweredNode, type Lowering } from '../lowering.js';
import type { Operand } from '../operand.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf } from '../static-value.js';
import { emitBatchProduct, productBatch } from './float-batch-matmul.js';
import { floatsOf } from './float-conv2d.js';

/** A product with constant weights. */
interface Product {
  readonly a: Value;
  readonly b: Value;
  readonly weights: Tensor | undefined;
  /** Whether the weights are `[n, k]`. */
  readonly transposed: boolean;
  readonly bias: Operand | undefined;
  readonly output: Value;
}

const matMul = defineLowering(MatMul, {
  supports: (node) => {
    const reason = declineFloats([...node.inputs, node.output]);
    if (reason !== undefined) return unsupported(reason);
    return isMatrix(node.inputs[1]) ? SUPPORTED : supportsBatch(node);
  },
  lower: ({ node, constants }, program) => {
    const [a, b] = [required(node.inputs[0], node), required(node.inputs[1], node)];
    const output = required(node.output, node);
    if (isMatrix(b)) {
      const product = { a, b, weights: constants[1], transposed: false, bias: undefined, output };
      return emitProduct(program, product);
    }
    emitBatchProduct(program, productBatch(a, b), output);
  },
});

const gemm = defineLowering(Gemm, {
  supports: (node) => {
    const { alpha, beta, transA } = Gemm.attributes(node);
    const reason = declineFloats([...node.inputs, node.output]);
    if (reason !== undefined) return unsupported(reason);
    if (!node.inputs[1]?.constant) return unsupported('its weights are not constant');
    if (alpha !== 1 || (node.inputs[2] && beta !== 1) || transA)
      return unsupported('alpha, beta or transA is set');
    return isRowBias(node) ? SUPPORTED : unsupported('its bias is not one number a column');
  },
  lower: (lowered, program) => {
    const { node, constants, attributes } = lowered;
    emitProduct(program, {
      a: required(node.inputs[0], node),
      b: required(node.inputs[1], node),
      weights: constants[1],
      transposed: attributes.transB !== 0,
      bias: biasOf(lowered, program),
      output: required(node.output, node),
    });
  },
});

/** Products of floats. */
export const floatMatmulLowerings: readonly Lowering[] = [gemm, matMul];

function isMatrix(value: Value | undefined): boolean {
  return value?.constant?.shape.length === 2;
}

function supportsBatch(node: Node): Support {
  const rank = Math.max(...node.inputs.map((value) => (value ? shapeOf(value).length : 0)));
  return rank <= 6 ? SUPPORTED : unsupported('no kernel for products of more than 6 axes');
}

function isRowBias(node: Node): boolean {
  const constant = node.inputs[2]?.constant;
  if (!node.inputs[2]) return true;
  const columns = node.output && shapeOf(node.output)[1];
  return (
    constant !== undefined &&
    (constant.size === 1 || (constant.size === columns && constant.shape.at(-1) === columns))
  );
}

/** One number a column, also where the node has one for all. */
function biasOf({ node, constants }: LoweredNode, program: ProgramBuilder): Operand | undefined {
  const value = node.inputs[2];
  if (!value) return undefined;
  const columns = shapeOf(required(node.output, node))[1] ?? 0;
  const data = floatsOf(constants[2], value);
  return data.length === columns
    ? program.operand(value)
    : program.constant(new Float32Array(columns).fill(data[0] ?? 0));
}

/** The elements of constant weights: floats, or the bits of halves. */
function matrixOf(tensor: Tensor | undefined, value: Value): Float32Array | Uint16Array {
  return tensor?.is('float16') || tensor?.is('bfloat16') ? tensor.data : floatsOf(tensor, value);
}

/** All leading dimensions of `a` are rows. */
function emitProduct(program: ProgramBuilder, { a, b, weights, transposed, bias, output }: Product): void {
  const packed = program.packed(b, `float matmul ${transposed}`, () => {
    const [first = 0, second = 0] = shapeOf(b);
    const [k, n] = transposed ? [second, first] : [first, second];
    const [kStride, nStride] = transposed ? [1, k] : [n, 1];
    const isBfloat = weights?.dtype === 'bfloat16';
    return program.binding.packFloatMatrix(matrixOf(weights, b), isBfloat, k, n, kStride, nStride, false);
  });
  const from = program.operand(a);
  const { operands, words, to } = fuseFloatEpilogue(program, {
    output,
    biasAxis: shapeOf(output).length - 1,
    bias,
    layout: 'nchw',
    reads: [from],
  });
  program.emit(
    {
      name: 'float_matmul',
      operands: [...operands, from, to],
      words: [packed, ...words, elementCount(shapeOf(a).slice(0, -1))],
    },
    program.isa.floatKernel,
  );
}
