import { BatchNormalization, type Graph, type Node, storedConstant, type Value } from '@octavo/core/ir';
import { fromNumbers, isFloat, StoredTensor, Tensor, toNumbers } from '@octavo/core/tensor';

/** What BatchNormalization does to channel c in inference: `y = factor[c] * x + offset[c]`, in float64. */
export interface Affine {
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

/** Reads a BatchNormalization whose parameters are constant. */
export async function affineOf(node: Node): Promise<Affine> {
  const { scale, B, input_mean, input_var } = BatchNormalization.inputs(node);
  const { epsilon } = BatchNormalization.attributes(node);
  const [gamma, beta, mean, variance] = await Promise.all([scale, B, input_mean, input_var].map(numbersOf));
  const channels = gamma?.length ?? 0;
  const factor = new Float64Array(channels);
  const offset = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    const a = (gamma?.[c] ?? 0) / Math.sqrt((variance?.[c] ?? 0) + epsilon);
    factor[c] = a;
    offset[c] = (beta?.[c] ?? 0) - a * (mean?.[c] ?? 0);
  }
  return { factor, offset };
}

/** A copy of the elements of a constant in float64. */
export async function numbersOf(value: Value | undefined): Promise<Float64Array> {
  const constant = storedConstant(value);
  return constant ? new Float64Array(toNumbers(await constant.load())) : new Float64Array(0);
}

/** Why a BatchNormalization is no fixed affine map of `channels` channels; undefined when it is. */
export function normProblem(graph: Graph, norm: Node, channels: number | undefined): string | undefined {
  const { training_mode, spatial } = BatchNormalization.attributes(norm);
  if (training_mode !== 0) return 'it is in training mode';
  if (spatial === 0) return 'it normalizes every element by itself';
  for (const value of norm.inputs.slice(1, 5)) {
    const constant = storedConstant(value);
    if (!constant) return `its input ${value?.name} is not constant`;
    if (constant.size !== channels) return `its input ${value?.name} does not have ${channels} elements`;
  }
  const read = norm.outputs.slice(1).some((value) => value && graph.isUsed(value));
  return read ? 'its statistics are read' : undefined;
}

/** Why the first output of a node cannot change: others see it. */
export function sharedResultProblem(graph: Graph, node: Node): string | undefined {
  const { output } = node;
  const alone = output?.users.length === 1 && !graph.isOutput(output);
  return alone ? undefined : `the result of ${node.label} is read elsewhere too`;
}

/** Why a constant operand cannot be changed in place. */
export function constantProblem(value: Value | undefined, role: string): string | undefined {
  const constant = storedConstant(value);
  if (!value || !constant) return `the ${role} ${value?.name ?? 'of the node'} are not constant`;
  if (!isFloat(constant.dtype)) return `the ${role} ${value.name} are ${constant.dtype}`;
  return value.users.length > 1 ? `the ${role} ${value.name} are shared` : undefined;
}

/**
 * Puts other numbers, rounded once to the old dtype, in the place of a constant operand of equal size; otherwise makes
 * them a vector with the dtype of `like`. A Float32Array may become the elements of the constant.
 */
export function setConstant(
  graph: Graph,
  node: Node,
  index: number,
  values: Float32Array | Float64Array,
  like: Value,
): void {
  const old = node.inputs[index];
  const stored = storedConstant(old);
  const dtype = stored?.dtype ?? storedConstant(like)?.dtype ?? 'float32';
  const shape = stored?.size === values.length ? stored.shape : [values.length];
  const name = old?.name ?? `${node.output?.name ?? node.op.name}_bias`;
  const tensor =
    dtype === 'float32' && values instanceof Float32Array
      ? new Tensor(dtype, shape, values)
      : fromNumbers(dtype, shape, values);
  const value = graph.addInitializer(name, StoredTensor.of(tensor));
  node.setInput(index, value);
  if (!old?.constant || old.isRead || graph.isOutput(old) || graph.inputs.includes(old)) return;
  graph.removeValue(old);
  graph.rename(value, name);
}
