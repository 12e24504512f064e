import {
  allocate,
  byteLengthOf,
  type DType,
  elementCount,
  isDType,
  OctavoError,
  type Shape,
  sameShape,
  Tensor,
} from '@octavo/core/tensor';

/** What a program takes or gives at one position. */
export interface ProgramPort {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Everything about a program that whoever runs it must know; plain data. */
export interface ProgramSignature {
  readonly inputs: readonly ProgramPort[];
  /** The subgraph's outputs, then what only taps see. */
  readonly outputs: readonly ProgramPort[];
  /** How many of the outputs are those of the subgraph. */
  readonly results: number;
  /** Positions among the outputs of what taps see. */
  readonly taps: readonly number[];
  /** For each op of the program the position of its node in the plan. */
  readonly steps: readonly number[];
  /** What errors call the nodes of the plan. */
  readonly nodes: readonly string[];
}

/** @throws OctavoError `BACKEND_OPERAND` where a tensor is not what the program takes or gives at this position. */
export function checkPort({ name, dtype, shape }: ProgramPort, tensor: Tensor | undefined): Tensor {
  if (tensor && tensor.dtype === dtype && sameShape(tensor.shape, shape)) return tensor;
  throw new OctavoError({
    code: 'BACKEND_OPERAND',
    where: `value ${name}`,
    message: `expected ${dtype} [${shape.join(', ')}], found ${tensor ? `${tensor.dtype} [${tensor.shape.join(', ')}]` : 'nothing'}.`,
  });
}

/** A tensor for an input or output. */
export function allocatePort({ dtype, shape }: ProgramPort): Tensor {
  return new Tensor(dtype, shape, allocate(dtype, elementCount(shape)));
}

export function portBytes({ dtype, shape }: ProgramPort): number {
  return byteLengthOf(dtype, elementCount(shape));
}

/** A signature as `createProgram` kept it for other threads. */
export function parseSignature(text: string): ProgramSignature {
  const parsed: unknown = JSON.parse(text);
  if (isSignature(parsed)) return parsed;
  throw new OctavoError({
    code: 'BACKEND_SIGNATURE',
    message: 'a shared program does not say what it takes.',
  });
}

function isSignature(value: unknown): value is ProgramSignature {
  if (typeof value !== 'object' || value === null) return false;
  if (!('inputs' in value && 'outputs' in value && 'results' in value)) return false;
  const { inputs, outputs, results } = value;
  if (!isPortList(inputs) || !isPortList(outputs) || typeof results !== 'number') return false;
  if (!('taps' in value && 'steps' in value && 'nodes' in value)) return false;
  return [value.taps, value.steps, value.nodes].every(Array.isArray);
}

function isPortList(list: unknown): list is readonly ProgramPort[] {
  return Array.isArray(list) && list.every(isPort);
}

function isPort(port: unknown): port is ProgramPort {
  if (typeof port !== 'object' || port === null) return false;
  if (!('name' in port && 'dtype' in port && 'shape' in port)) return false;
  const { name, dtype, shape } = port;
  return typeof name === 'string' && typeof dtype === 'string' && isDType(dtype) && Array.isArray(shape);
}
