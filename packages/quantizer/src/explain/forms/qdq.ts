import {
  Cast,
  DequantizeLinear,
  type Node,
  QuantizeLinear,
  storedConstant,
  type Value,
} from '@octavo/core/ir';
import { dequantizeNumbers, isStorageDType, representableRange } from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import type { QparamsReader } from '@octavo/passes';
import { loadWeights } from '../../load-weights.js';
import { extremesOf, type FoundLayer, type LayerForm, type ReplacedConstant } from './layer-form.js';

/** The layer's own op between DequantizeLinear and QuantizeLinear, or in float. */
export const qdq: LayerForm = {
  matches: (node, op) => node.op.name === op.name && node.op.domain === op.domain,
  async read(node, parts, reader) {
    const { data } = await loadWeights(parts.weight.constant);
    return {
      ...(await readInput(node.inputs[parts.node.inputs.indexOf(parts.data)], reader)),
      weights: await readConstant(node.inputs[parts.weightIndex], data.length, reader),
      bias: parts.bias && (await readConstant(node.inputs[parts.biasIndex], undefined, reader)),
    };
  },
};

async function readInput(
  read: Value | undefined,
  reader: QparamsReader,
): Promise<Pick<FoundLayer, 'data' | 'input'>> {
  const inFloat = { data: read?.name, input: undefined };
  const dequantize = read?.producer;
  if (!dequantize || !DequantizeLinear.is(dequantize)) return inFloat;
  const { type } = await reader.ofNode(dequantize);
  const scale = type?.scales[0];
  if (type?.granularity.kind !== 'per-tensor' || scale === undefined) return inFloat;
  const { min: low, max: high } = representableRange(
    { scale, zeroPoint: type.zeroPoints[0] ?? 0 },
    type.storage,
  );
  const quantize = dequantize.inputs[0]?.producer;
  return {
    input: { type, grid: { scale, low, high } },
    data: quantize && QuantizeLinear.is(quantize) ? quantize.inputs[0]?.name : undefined,
  };
}

/** A constant, in float or dequantized; undefined where it has another number of elements. */
export async function readConstant(
  value: Value | undefined,
  length: number | undefined,
  reader: QparamsReader,
): Promise<ReplacedConstant | undefined> {
  if (!value) return undefined;
  const found = storedConstant(value)
    ? { numbers: await numbersOf(value), type: undefined }
    : await readDequantized(value.producer, reader);
  return length !== undefined && found?.numbers.length !== length ? undefined : found;
}

async function readDequantized(
  node: Node | undefined,
  reader: QparamsReader,
): Promise<ReplacedConstant | undefined> {
  const integers = node && DequantizeLinear.is(node) ? storedConstant(narrow(node.inputs[0])) : undefined;
  if (!node || !integers || !isStorageDType(integers.dtype)) return undefined;
  const { type } = await reader.ofNode(node);
  if (!type) return undefined;
  const stored = toNumbers(await integers.load());
  const numbers = dequantizeNumbers(stored, integers.shape, type);
  return { numbers, type: { ...type, storage: integers.dtype }, integers: extremesOf(stored) };
}

/** Integers of few bits may be stored as they are and widened by the graph, for runtimes that want 8 bits. */
function narrow(integers: Value | undefined): Value | undefined {
  const widening = integers?.producer;
  return widening && Cast.is(widening) ? widening.inputs[0] : integers;
}

/** The numbers of a constant; none where it is no constant. */
export async function numbersOf(value: Value): Promise<Float32Array> {
  const constant = await storedConstant(value)?.load();
  return Float32Array.from(constant ? toNumbers(constant) : []);
}
