/** A matrix product `[m, k] x [k, n]` of a network. */
export type Product = readonly [m: number, k: number, n: number];

const RESNET_50: readonly Product[] = [
  [12544, 147, 64],
  [3136, 64, 64],
  [3136, 576, 64],
  [3136, 64, 256],
  [3136, 256, 64],
  [784, 256, 128],
  [784, 1152, 128],
  [784, 128, 512],
  [784, 512, 128],
  [196, 512, 256],
  [196, 2304, 256],
  [196, 256, 1024],
  [196, 1024, 256],
  [49, 1024, 512],
  [49, 4608, 512],
  [49, 512, 2048],
  [49, 2048, 512],
  [1, 2048, 1000],
];

const MOBILENET_V2: readonly Product[] = [
  [12544, 27, 32],
  [12544, 32, 16],
  [12544, 16, 96],
  [3136, 96, 24],
  [3136, 24, 144],
  [784, 144, 32],
  [784, 32, 192],
  [196, 192, 64],
  [196, 64, 384],
  [196, 384, 96],
  [196, 96, 576],
  [49, 576, 160],
  [49, 160, 960],
  [49, 960, 320],
  [49, 320, 1280],
  [1, 1280, 1000],
];

const BERT_BASE: readonly Product[] = [
  [128, 768, 768],
  [128, 768, 3072],
  [128, 3072, 768],
];

const MINILM: readonly Product[] = [32, 128].flatMap((m): Product[] => [
  [m, 384, 384],
  [m, 384, 1536],
  [m, 1536, 384],
]);

/** Weights of a decoder at the batch sizes of decoding and of prefill; products that take seconds are left out. */
function decoder(weights: readonly (readonly [k: number, n: number])[]): readonly Product[] {
  const LARGEST = 2 ** 34;
  return [1, 4, 8, 32, 512].flatMap((m) =>
    weights.map(([k, n]): Product => [m, k, n]).filter(([, k, n]) => m * k * n <= LARGEST),
  );
}

const LLAMA_7B = decoder([
  [4096, 4096],
  [4096, 11008],
  [11008, 4096],
  [4096, 32000],
]);

const TINYLLAMA = decoder([
  [2048, 2048],
  [2048, 256],
  [2048, 5632],
  [5632, 2048],
  [2048, 32000],
]);

const QWEN_05B = decoder([
  [896, 896],
  [896, 128],
  [896, 4864],
  [4864, 896],
  [896, 151936],
]);

/** Sizes that fit no tile, no vector and no cache set. */
const TORTURE: readonly Product[] = [
  ...[1, 2, 3, 5, 7, 13, 49].map((m): Product => [m, 1000, 1000]),
  ...[1, 8, 24].map((n): Product => [49, 1000, n]),
  ...[3, 27, 147, 4095, 4096, 4100].map((k): Product => [49, k, 1000]),
];

/** Matrix products of real networks, by network. */
export const PRODUCT_LAYERS: Readonly<Record<string, readonly Product[]>> = {
  'resnet-50': RESNET_50,
  'mobilenet-v2': MOBILENET_V2,
  'bert-base': BERT_BASE,
  minilm: MINILM,
  'llama-7b': LLAMA_7B,
  tinyllama: TINYLLAMA,
  'qwen-0.5b': QWEN_05B,
  torture: TORTURE,
};
