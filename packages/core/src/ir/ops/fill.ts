import {
  dtypeFromOnnx,
  float32,
  int64,
  StoredTensor,
  stringTensor,
  type Tensor,
  toNumbers,
} from '../../tensor/index.js';
import { attr } from '../attribute.js';
import { realDType, typeOf, unknownDims } from '../dims.js';
import type { Node } from '../node.js';
import { defineOp, type NodeContext, type Op } from '../op.js';
import type { Value } from '../value.js';

/** Exactly one attribute says what the constant is. */
export const Constant = defineOp({
  name: 'Constant',
  inputs: [],
  outputs: ['output'],
  attributes: {
    value: attr.tensor(),
    value_float: attr.float(),
    value_floats: attr.floats(),
    value_int: attr.int(),
    value_ints: attr.ints(),
    value_string: attr.string(),
    value_strings: attr.strings(),
  },
  inferTypes: ({ node }) => {
    const constant = constantOf(node);
    return [constant && typeOf(constant.dtype, constant.shape)];
  },
});

/** The elements of a Constant node; undefined for other nodes and for sparse constants. */
export function constantOf(node: Node): StoredTensor | undefined {
  if (node.op.key !== Constant.key) return undefined;
  const value = Constant.attributes(node);
  if (value.value) return value.value;
  const tensor = integersOf(node) ?? listOf(value);
  return tensor && StoredTensor.of<Tensor['dtype']>(tensor);
}

/** Read as stored: as numbers, the largest int64 (what exporters write for "to the end") would wrap to the smallest. */
function integersOf(node: Node): Tensor | undefined {
  const [one, list] = [node.attributes.get('value_int'), node.attributes.get('value_ints')];
  if (one?.kind === 'int') return int64([one.value], []);
  return list?.kind === 'ints' ? int64(list.value) : undefined;
}

function listOf(value: ReturnType<typeof Constant.attributes>): Tensor | undefined {
  if (value.value_float !== undefined) return float32([value.value_float], []);
  if (value.value_floats) return float32(value.value_floats);
  if (value.value_string !== undefined) return stringTensor([value.value_string], []);
  return value.value_strings && stringTensor(value.value_strings);
}

/** `value` holds one element (default float32 0). */
export const ConstantOfShape = defineOp({
  name: 'ConstantOfShape',
  since: 9,
  inputs: ['input'],
  outputs: ['output'],
  attributes: { value: attr.tensor() },
  inferTypes: (context) => {
    const { input } = context.inputs;
    const dims = context.dims(input) ?? unknownDims(input.shape?.[0]);
    return [typeOf(context.attributes.value?.dtype ?? 'float32', dims)];
  },
});

/** `start`, `start + delta` ... before `limit`. */
export const Range = defineOp({
  name: 'Range',
  since: 11,
  inputs: ['start', 'limit', 'delta'],
  outputs: ['output'],
  attributes: { stash_type: attr.int(1) },
  inferTypes: (context) => {
    const { start, limit, delta } = context.inputs;
    const [from, to, step] = [start, limit, delta].map((value) => scalarOf(context, value));
    const known = from !== undefined && to !== undefined && step;
    const count = known ? Math.max(0, Math.ceil((to - from) / step)) : undefined;
    if (count !== undefined) return [typeOf(realDType(start), [count])];
    const symbol = from === 0 && step === 1 ? context.dims(limit)?.[0] : undefined;
    return [typeOf(realDType(start), [symbol ?? null])];
  },
});

function scalarOf(context: NodeContext, value: Value): number | undefined {
  const [dim] = context.dims(value) ?? [];
  if (typeof dim === 'number') return dim;
  const tensor = context.constant(value);
  return tensor && toNumbers(tensor)[0];
}

/** Ones on diagonal `k`. */
export const EyeLike = defineOp({
  name: 'EyeLike',
  since: 9,
  inputs: ['input'],
  outputs: ['output'],
  attributes: { dtype: attr.int(), k: attr.int(0) },
  inferTypes: ({ inputs: { input }, attributes: { dtype } }) => [
    typeOf(dtype === undefined ? realDType(input) : dtypeFromOnnx(dtype), input.shape),
  ],
});

export const fillOps: readonly Op[] = [Constant, ConstantOfShape, Range, EyeLike];
