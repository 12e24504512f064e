import type { Graph, Node, Op, Value } from '@octavo/core/ir';
import type { QuantizedType, StorageDType } from '@octavo/core/quant';
import type { QparamsInitializers, QparamsOperands } from '../qdq/qparams-initializers.js';

/** What a lowering writes with. */
export interface LoweringContext {
  readonly graph: Graph;
  readonly qparams: QparamsInitializers;
}

/** How nodes of one op on quantized values are written as integer ops. */
export interface Lowering {
  readonly op: Op;
  /** Why a node has no such form that onnxruntime runs; undefined when it has. */
  declines(node: Node): string | undefined;
  /** Adds the integer ops and returns what stands for the node's first output. */
  lower(node: Node, context: LoweringContext): Value;
}

/** A quantized value with its scale and zero point in the graph. */
export interface Operand {
  readonly value: Value;
  readonly scale: Value;
  readonly zeroPoint: Value;
}

/** A quantized value with its qparams as initializers. */
export function operandOf({ qparams }: LoweringContext, value: Value | undefined): Operand {
  const type = value?.quantized;
  if (!value || !type) throw new Error('lowered values are quantized');
  const { scale, zeroPoint }: QparamsOperands = qparams.of(value, type);
  if (!zeroPoint) throw new Error('integers of 8 bits have a zero point');
  return { value, scale, zeroPoint };
}

const BYTES: ReadonlySet<StorageDType> = new Set<StorageDType>(['int8', 'uint8']);

export function isByte(type: QuantizedType): boolean {
  return BYTES.has(type.storage) && type.expressed === 'float32';
}

/** Why activations do not fit ops that have one dtype for what they read and give; undefined when they do. */
export function activationProblem(values: readonly (Value | undefined)[]): string | undefined {
  const types = values.map((value) => value?.quantized);
  if (!types.every((type) => type && isByte(type) && type.granularity.kind === 'per-tensor')) {
    return 'an operand or its result is not quantized per tensor in 8 bits';
  }
  const storages = new Set(types.map((type) => type?.storage));
  return storages.size > 1 ? 'its operands and its result are of different dtypes' : undefined;
}

/** Why the operands of a product do not fit; the result may be float. */
export function productProblem(node: Node): string | undefined {
  const [data, weight] = node.inputs;
  const w = weight?.quantized;
  const result = node.output?.quantized ? [node.output] : [];
  const problem = activationProblem([data, ...result]);
  if (problem) return problem;
  if (!w || !isByte(w)) return `its weights are ${w?.storage ?? 'float'}, not of 8 bits`;
  const [first] = w.zeroPoints;
  if (w.zeroPoints.some((zero) => zero !== first)) return 'its weights have several zero points';
  return data?.quantized?.storage === 'int8' && w.storage === 'uint8'
    ? 'onnxruntime has no product of int8 activations with uint8 weights'
    : undefined;
}
