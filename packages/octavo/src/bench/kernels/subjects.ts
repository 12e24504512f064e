import { blockCases } from './block-cases.js';
import { convCases } from './conv-cases.js';
import type { KernelCase, KernelSubject } from './kernel-case.js';
import { floatCases, gemmCases, integerProduct } from './product-cases.js';
import { randomUint8, randomWeights } from './random-bytes.js';

export type SubjectName = 'gemm' | 'conv' | 'int4' | 'float' | 'overhead';

/** What each subject of `octavo bench` measures. */
export const SUBJECTS: Readonly<Record<SubjectName, () => KernelSubject>> = {
  gemm: () => ({ title: '8-bit matrix products (MatMulInteger)', peak: 'int8', cases: gemmCases() }),
  conv: () => ({ title: '8-bit convolutions (QLinearConv)', peak: 'int8', cases: convCases() }),
  int4: () => ({
    title: '4-bit weights in blocks (MatMulNBits, accuracy_level 4)',
    peak: 'int8',
    cases: blockCases(),
  }),
  float: () => ({ title: 'float32 matrix products (MatMul)', peak: 'float32', cases: floatCases() }),
  overhead: () => ({ title: 'Calls with next to no arithmetic', peak: 'int8', cases: overheadCases() }),
};

export const SUBJECT_NAMES = Object.keys(SUBJECTS) as readonly SubjectName[];

function overheadCases(): KernelCase[] {
  return [1, 16].map((size) => ({
    suite: 'overhead',
    name: `u8s8 1x${size}x${size}`,
    operations: 2 * size ** 2,
    bytes: size ** 2 + 5 * size,
    build: () => integerProduct(randomUint8([1, size], 1), randomWeights([size, size], 2)),
  }));
}
