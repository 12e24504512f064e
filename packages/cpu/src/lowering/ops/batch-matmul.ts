import { supportUnless } from '@octavo/backend';
import { MatMul, type Node, QLinearMatMul, type Value } from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import { epilogueOperands } from '../product-epilogue.js';
import { declineScales, epilogueOf, isBytes, type ProductTypes, productTypes } from '../product-types.js';
import type { ProgramBuilder } from '../program-builder.js';
import { declineParameters, qlinearTypes } from '../qlinear-types.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';
import { bytesOf, bytesType, fitsBytes } from '../weight-bytes.js';
import { batchProductWords, MOST_BATCH_AXES, productBatch } from './float-batch-matmul.js';

/** Why the native kernel does not multiply two values by their shapes and types; undefined where it does. */
function declinePair(a: Value | undefined, b: Value | undefined): string | undefined {
  if (!a || !b || !isBytes(a) || !fitsBytes(b)) return `no kernel for ${a?.dtype} times ${b?.dtype}`;
  const axes = Math.max(shapeOf(a).length, shapeOf(b).length) - 2;
  return axes > MOST_BATCH_AXES
    ? `no kernel for products of more than ${MOST_BATCH_AXES + 2} axes`
    : undefined;
}

function declineQuantized(node: Node): string | undefined {
  const [a, b] = node.inputs;
  const y = node.output;
  if (!a?.quantized || !b?.quantized || !y) return 'its operands are not quantized';
  const types = [a.quantized, b.quantized, y.quantized].filter((type) => type !== undefined);
  if (!types.every(isPerTensor)) return 'its operands are not quantized per tensor';
  if (y.quantized ? !isBytes(y) : y.dtype !== 'float32') return `no kernel with ${y.dtype} output`;
  return declinePair(a, b) ?? declineScales(productTypes(node));
}

function isPerTensor({ granularity }: QuantizedType): boolean {
  return granularity.kind === 'per-tensor';
}

const matMul = defineLowering(MatMul, {
  supports: (node) => supportUnless(declineQuantized(node)),
  lower: ({ node }, program) => {
    const [a, b] = node.inputs;
    emitPair(node, program, required(a, node), required(b, node), productTypes(node));
  },
});

const qlinearMatMul = defineLowering(QLinearMatMul, {
  supports: (node) => {
    const { a, b } = QLinearMatMul.inputs(node);
    return supportUnless(declinePair(a, b) ?? declineParameters(node, 1));
  },
  lower: ({ node, constants }, program) => {
    const { a, b } = QLinearMatMul.inputs(node);
    emitPair(node, program, required(a, node), required(b, node), qlinearTypes(constants));
  },
});

/** Products of two values of 8-bit integers, each with one scale and zero point, that both may vary. */
export const batchMatmulLowerings: readonly Lowering[] = [matMul, qlinearMatMul];

function emitPair(node: Node, program: ProgramBuilder, a: Value, b: Value, types: ProductTypes): void {
  const epilogue = epilogueOperands(epilogueOf(types, undefined), program);
  const isWidened = !isBytes(b);
  program.emit(
    {
      name: 'batch_matmul',
      operands: [
        ...epilogue.operands,
        program.operand(a),
        isWidened ? program.constant(bytesOf(program.elements(b))) : program.operand(b),
        program.output(required(node.output, node)),
      ],
      words: [
        ...batchProductWords(productBatch(a, b)),
        ...epilogue.words,
        ...[nativeType(dtypeOf(a)), types.x.zeroPoints[0] ?? 0],
        ...[nativeType(bytesType(b) ?? dtypeOf(b)), types.w.zeroPoints[0] ?? 0],
      ],
    },
    program.isa.gemmKernel,
  );
}
