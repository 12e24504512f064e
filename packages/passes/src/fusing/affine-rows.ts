import { Add, type Graph, Mul, type Node, storedConstant, type Value } from '@octavo/core/ir';
import { StoredTensor, Tensor } from '@octavo/core/tensor';
import { ordered, producedBy } from './operands.js';

/** `inner * gamma + beta` with one constant number a column each, where they are there. */
export interface AffineRows {
  readonly inner: Value;
  readonly gamma: Value | undefined;
  readonly beta: Value | undefined;
  readonly nodes: readonly Node[];
}

/** Takes a value apart where a row of constants is added and one multiplied. */
export function affineRows(value: Value, size: number): AffineRows {
  const row = (each: Value) => (isRow(each, size) ? each : undefined);
  const add = producedBy(value, Add);
  const sum = add && ordered(add, row);
  const scaled = sum?.other ?? value;
  const mul = producedBy(scaled, Mul);
  const product = mul && ordered(mul, row);
  return {
    inner: product?.other ?? scaled,
    gamma: product?.found,
    beta: sum?.found,
    nodes: [...(product && mul ? [mul] : []), ...(sum && add ? [add] : [])],
  };
}

/** Whether a constant has `size` elements along its last axis and one along others. */
export function isRow(value: Value | undefined, size: number): boolean {
  const constant = storedConstant(value);
  return constant?.shape.at(-1) === size && constant.size === size && !value?.quantized;
}

/** The constant as one axis; ones where there is none. */
export function rowInput(graph: Graph, value: Value | undefined, size: number): Value {
  const stored = storedConstant(value);
  if (value && stored) {
    return stored.shape.length === 1
      ? value
      : graph.addInitializer(`${value.name}_row`, new StoredTensor(stored.dtype, [size], stored.storage));
  }
  return graph.addInitializer(
    'ones',
    StoredTensor.of(new Tensor('float32', [size], new Float32Array(size).fill(1))),
  );
}
