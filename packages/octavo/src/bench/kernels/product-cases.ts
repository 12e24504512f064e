import { Graph, MatMul, MatMulInteger, outputOf, tensorType } from '@octavo/core/ir';
import { fromNumbers, StoredTensor, type Tensor } from '@octavo/core/tensor';
import { type KernelCase, type KernelProblem, problemOf } from './kernel-case.js';
import { PRODUCT_LAYERS, type Product } from './product-layers.js';
import {
  randomFloats,
  randomInt8,
  randomUint8,
  randomUnsignedWeights,
  randomWeights,
} from './random-bytes.js';

const OPSET = new Map([['', 21]]);

/** MatMulInteger of unsigned activations and signed weights over all networks, and of the other signs once. */
export function gemmCases(): KernelCase[] {
  const layers = allLayers('u8s8', 1, (product) =>
    integerProduct(randomUint8([product[0], product[1]], 1), randomWeights([product[1], product[2]], 2)),
  );
  const square: Product = [1024, 1024, 1024];
  const signs: KernelCase[] = [
    productCase('signs', 's8s8', square, 1, () =>
      integerProduct(randomInt8([1024, 1024], 1), randomWeights([1024, 1024], 2)),
    ),
    productCase('signs', 'u8u8', square, 1, () =>
      integerProduct(randomUint8([1024, 1024], 1), randomUnsignedWeights([1024, 1024], 2)),
    ),
  ];
  return [...layers, ...signs];
}

/** MatMul of float32 over all networks. */
export function floatCases(): KernelCase[] {
  return allLayers('f32', 4, ([m, k, n]) => floatProduct(randomFloats([m, k], 1), randomFloats([k, n], 2)));
}

function allLayers(
  label: string,
  operandBytes: number,
  build: (product: Product) => KernelProblem,
): KernelCase[] {
  return Object.entries(PRODUCT_LAYERS).flatMap(([suite, products]) =>
    products.map((product) => productCase(suite, label, product, operandBytes, () => build(product))),
  );
}

function productCase(
  suite: string,
  label: string,
  [m, k, n]: Product,
  operandBytes: number,
  build: () => KernelProblem,
): KernelCase {
  return {
    suite,
    name: `${label} ${m}x${k}x${n}`,
    operations: 2 * m * k * n,
    bytes: operandBytes * (m * k + k * n) + 4 * m * n,
    build,
  };
}

/** The zero point of the activations is 128 (0 for signed ones), that of unsigned weights 128. */
export function integerProduct(a: Tensor<'uint8' | 'int8'>, b: Tensor<'uint8' | 'int8'>): KernelProblem {
  const graph = new Graph(OPSET);
  const constant = (name: string, tensor: Tensor) => graph.addInitializer(name, StoredTensor.of(tensor));
  const zeroPoint = (name: string, dtype: 'uint8' | 'int8') =>
    constant(name, fromNumbers(dtype, [], [dtype === 'uint8' ? 128 : 0]));
  const node = graph.emit(MatMulInteger, {
    A: graph.addInput('a', tensorType(a.dtype, a.shape)),
    B: constant('b', b),
    a_zero_point: zeroPoint('a_zero_point', a.dtype),
    b_zero_point: zeroPoint('b_zero_point', b.dtype),
  });
  return problemOf(graph, [outputOf(node)], { a });
}

function floatProduct(a: Tensor<'float32'>, b: Tensor<'float32'>): KernelProblem {
  const graph = new Graph(OPSET);
  const node = graph.emit(MatMul, {
    A: graph.addInput('a', tensorType('float32', a.shape)),
    B: graph.addInitializer('b', StoredTensor.of(b)),
  });
  return problemOf(graph, [outputOf(node)], { a });
}
