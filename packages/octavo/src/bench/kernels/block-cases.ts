import { Graph, MatMulNBits, outputOf, tensorType, type Value } from '@octavo/core/ir';
import { StoredTensor, Tensor } from '@octavo/core/tensor';
import { type KernelCase, type KernelProblem, problemOf } from './kernel-case.js';
import { PRODUCT_LAYERS, type Product } from './product-layers.js';
import { randomFloats, randomUint8 } from './random-bytes.js';

const OPSET = new Map([
  ['', 21],
  ['com.microsoft', 1],
]);
const BITS = 4;
/** Of decoding and of prefill. */
const ROWS: readonly number[] = [1, 512];
const BLOCK_SIZES: readonly number[] = [32, 128];
/** Of one call, as in decoding: more than a gigabyte of weights, so that no cache keeps them until the next. */
const STREAMED_MATRICES = 48;
const STREAMED: Product = [1, 4096, 11008];

/** MatMulNBits of 4-bit weights and int8 activations (accuracy_level 4) over the language models, and out of memory. */
export function blockCases(): KernelCase[] {
  const layers = ['llama-7b', 'tinyllama', 'qwen-0.5b'].flatMap((suite) =>
    (PRODUCT_LAYERS[suite] ?? [])
      .filter(([m]) => ROWS.includes(m))
      .flatMap((product) => BLOCK_SIZES.map((blockSize) => blockCase(suite, product, blockSize))),
  );
  return [...layers, ...BLOCK_SIZES.map(streamedCase)];
}

function blockCase(suite: string, product: Product, blockSize: number): KernelCase {
  const [m, k, n] = product;
  return {
    suite,
    name: `int4 block ${blockSize} ${m}x${k}x${n}`,
    operations: 2 * m * k * n,
    bytes: weightBytes(product, blockSize) + 4 * m * (k + n),
    build: () => blockProducts(product, blockSize, 1),
  };
}

function streamedCase(blockSize: number): KernelCase {
  const [m, k, n] = STREAMED;
  return {
    suite: 'memory',
    name: `int4 block ${blockSize} ${STREAMED_MATRICES} of ${m}x${k}x${n}`,
    operations: 2 * m * k * n * STREAMED_MATRICES,
    bytes: weightBytes(STREAMED, blockSize) * STREAMED_MATRICES,
    readsMemory: true,
    build: () => blockProducts(STREAMED, blockSize, STREAMED_MATRICES),
  };
}

function weightBytes([, k, n]: Product, blockSize: number): number {
  return n * (Math.ceil((k * BITS) / 8) + 4 * Math.ceil(k / blockSize));
}

/** Products of one left-hand side with each of `count` matrices. */
function blockProducts(product: Product, blockSize: number, count: number): KernelProblem {
  const [m, k] = product;
  const graph = new Graph(OPSET);
  const a = randomFloats([m, k], 1);
  const input = graph.addInput('a', tensorType('float32', a.shape));
  const outputs = Array.from({ length: count }, (_, index) =>
    addBlockProduct(graph, input, product, blockSize, index),
  );
  return problemOf(graph, outputs, { a });
}

function addBlockProduct(
  graph: Graph,
  input: Value,
  [, K, N]: Product,
  blockSize: number,
  index: number,
): Value {
  const blocks = Math.ceil(K / blockSize);
  const constant = (name: string, tensor: Tensor) =>
    graph.addInitializer(`${name}${index}`, StoredTensor.of(tensor));
  // Odd multiples of 2^-20, which half precision has no room for: both sides keep four bytes a scale.
  const scales = Float32Array.from(
    randomUint8([N * blocks], 3 + 2 * index).data,
    (byte, i) => (((byte << 5) | (i & 31)) * 2 + 1) / 2 ** 20,
  );
  const node = graph.emit(
    MatMulNBits,
    {
      A: input,
      B: constant('b', randomUint8([N, blocks, (blockSize * BITS) / 8], 2 + 2 * index)),
      scales: constant('scales', new Tensor('float32', [N * blocks], scales)),
    },
    { K, N, bits: BITS, block_size: blockSize, accuracy_level: 4 },
  );
  return outputOf(node);
}
