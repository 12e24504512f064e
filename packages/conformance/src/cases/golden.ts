import { isDType, OctavoError, type Tensor, tensorFromBytes } from '@octavo/core/tensor';
import type { ConformanceCase } from '../conformance-case.js';
import dequantizeLinear from '../golden/dequantize-linear.json' with { type: 'json' };
import dynamicQuantizeLinear from '../golden/dynamic-quantize-linear.json' with { type: 'json' };
import matMulInteger from '../golden/matmul-integer.json' with { type: 'json' };
import qlinearAdd from '../golden/qlinear-add.json' with { type: 'json' };
import qlinearConv from '../golden/qlinear-conv.json' with { type: 'json' };
import qlinearMatMul from '../golden/qlinear-matmul.json' with { type: 'json' };
import qlinearMul from '../golden/qlinear-mul.json' with { type: 'json' };
import quantizeLinear from '../golden/quantize-linear.json' with { type: 'json' };

/** A tensor in JSON: its little-endian bytes in base64. */
interface EncodedTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
}

/** A golden file: inputs and what another runtime gave for them. */
interface GoldenVectors {
  readonly op: string;
  /** The runtime and its version. */
  readonly source: string;
  readonly cases: readonly {
    readonly name: string;
    readonly graph: string;
    readonly values: Readonly<Record<string, EncodedTensor | undefined>>;
    readonly expected: Readonly<Record<string, EncodedTensor | undefined>>;
  }[];
}

const VECTORS: readonly GoldenVectors[] = [
  dequantizeLinear,
  dynamicQuantizeLinear,
  matMulInteger,
  qlinearAdd,
  qlinearConv,
  qlinearMatMul,
  qlinearMul,
  quantizeLinear,
];

/** Published vectors: integers and dequantized floats as onnxruntime computes them, bit for bit. */
export const goldenCases: readonly ConformanceCase[] = VECTORS.flatMap(({ op, source, cases }) =>
  cases.map(({ name, graph, values, expected }) => ({
    name: `golden ${op}: ${name} (${source})`,
    graph,
    values: decodeAll(values),
    expected: decodeAll(expected),
  })),
);

function decodeAll(tensors: Readonly<Record<string, EncodedTensor | undefined>>): Record<string, Tensor> {
  const decoded = Object.entries(tensors).flatMap(([name, tensor]) =>
    tensor ? [[name, decode(tensor)] as const] : [],
  );
  return Object.fromEntries(decoded);
}

function decode({ dtype, shape, data }: EncodedTensor): Tensor {
  if (!isDType(dtype))
    throw new OctavoError({ code: 'CONFORMANCE_CASE', message: `${dtype} is no element type.` });
  return tensorFromBytes(
    dtype,
    shape,
    Uint8Array.from(atob(data), (character) => character.charCodeAt(0)),
  );
}
