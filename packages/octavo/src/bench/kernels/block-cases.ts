import { Graph, MatMulNBits, outputOf, tensorType } from '@octavo/core/ir';
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

/** MatMulNBits of 4-bit weights and int8 activations (accuracy_level 4) over the language models. */
export function blockCases(): KernelCase[] {
  return ['llama-7b', 'tinyllama', 'qwen-0.5b'].flatMap((suite) =>
    (PRODUCT_LAYERS[suite] ?? [])
      .filter(([m]) => ROWS.includes(m))
      .flatMap((product) => BLOCK_SIZES.map((blockSize) => blockCase(suite, product, blockSize))),
  );
}

function blockCase(suite: string, product: Product, blockSize: number): KernelCase {
  const [m, k, n] = product;
  const weightBytes = n * (Math.ceil((k * BITS) / 8) + 4 * Math.ceil(k / blockSize));
  return {
    suite,
    name: `int4 block ${blockSize} ${m}x${k}x${n}`,
    operations: 2 * m * k * n,
    bytes: weightBytes + 4 * m * (k + n),
    build: () => blockProduct(product, blockSize),
  };
}

function blockProduct([m, K, N]: Product, blockSize: number): KernelProblem {
  const blocks = Math.ceil(K / blockSize);
  const graph = new Graph(OPSET);
  const constant = (name: string, tensor: Tensor) => graph.addInitializer(name, StoredTensor.of(tensor));
  const a = randomFloats([m, K], 1);
  // Odd multiples of 2^-20, which half precision has no room for: both sides keep four bytes a scale.
  const scales = Float32Array.from(
    randomUint8([N * blocks], 3).data,
    (byte, i) => (((byte << 5) | (i & 31)) * 2 + 1) / 2 ** 20,
  );
  const node = graph.emit(
    MatMulNBits,
    {
      A: graph.addInput('a', tensorType('float32', a.shape)),
      B: constant('b', randomUint8([N, blocks, (blockSize * BITS) / 8], 2)),
      scales: constant('scales', new Tensor('float32', [N * blocks], scales)),
    },
    { K, N, bits: BITS, block_size: blockSize, accuracy_level: 4 },
  );
  return problemOf(graph, outputOf(node), { a });
}
