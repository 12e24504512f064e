import type { ConformanceCase } from '../conformance-case.js';
import { graphText } from './graph-text.js';

const products: readonly ConformanceCase[] = [
  {
    name: 'float Conv: pads, bias and groups',
    bound: { kind: 'product', terms: 19 },
    graph: graphText(
      'input %x: float32[2, 4, 7, 6]',
      'value %w: float32[6, 2, 3, 3]',
      'value %b: float32[6]',
      '%y = Conv(%x, %w, %b) {group=2, pads=[1, 1, 1, 1], strides=[2, 1]}',
      'output %y',
    ),
  },
  {
    name: 'float Gemm: alpha, beta and transB',
    bound: { kind: 'product', terms: 71 },
    graph: graphText(
      'input %a: float32[5, 70]',
      'value %b: float32[9, 70]',
      'value %c: float32[9]',
      '%y = Gemm(%a, %b, %c) {alpha=0.5, beta=2.0, transB=1}',
      'output %y',
    ),
  },
  {
    name: 'float MatMul: rank 3',
    bound: { kind: 'product', terms: 130 },
    graph: graphText(
      'input %a: float32[2, 3, 130]',
      'input %b: float32[130, 33]',
      '%y = MatMul(%a, %b)',
      'output %y',
    ),
  },
];

const others: readonly ConformanceCase[] = [
  {
    name: 'float Softmax: the last axis',
    bound: { kind: 'normalized', terms: 50 },
    graph: graphText('input %x: float32[4, 50]', '%y = Softmax(%x) {axis=-1}', 'output %y'),
  },
  {
    name: 'float Softmax: a middle axis',
    bound: { kind: 'normalized', terms: 5 },
    graph: graphText('input %x: float32[3, 5, 4]', '%y = Softmax(%x) {axis=1}', 'output %y'),
  },
  {
    name: 'float LayerNormalization',
    bound: { kind: 'normalized', terms: 64 },
    extremes: false,
    graph: graphText(
      'input %x: float32[3, 64]',
      'value %s: float32[64]',
      'value %b: float32[64]',
      '%y = LayerNormalization(%x, %s, %b) {axis=-1}',
      'output %y',
    ),
  },
  {
    name: 'float Add',
    graph: graphText('input %a: float32[3, 4]', 'input %b: float32[4]', '%y = Add(%a, %b)', 'output %y'),
  },
  {
    name: 'float Mul',
    graph: graphText('input %a: float32[3, 4]', 'input %b: float32[4]', '%y = Mul(%a, %b)', 'output %y'),
  },
  { name: 'float Relu', graph: graphText('input %x: float32[3, 40]', '%y = Relu(%x)', 'output %y') },
  {
    name: 'float MaxPool',
    graph: graphText(
      'input %x: float32[1, 2, 7, 6]',
      '%y = MaxPool(%x) {kernel_shape=[3, 3], strides=[2, 2]}',
      'output %y',
    ),
  },
];

/** Float ops that quantized models keep. */
export const floatCases: readonly ConformanceCase[] = [...products, ...others];
