import { knownShape } from '@octavo/core/ir';
import type { Shape, Tensor } from '@octavo/core/tensor';
import type { NamedShapes, NamedTensors, Port } from './session.js';
import { SessionError } from './session-error.js';

/**
 * The feeds in the order of `ports`, checked: every input present or with a default, none unknown, dtypes equal, shapes
 * fitting, and each symbolic dimension of one size throughout.
 */
export function checkFeeds(ports: readonly Port[], feeds: NamedTensors): Tensor[] {
  if (typeof feeds !== 'object' || feeds === null) throw noFeeds(ports, feeds);
  if (Object.keys(feeds).length !== ports.length) checkNames(ports, feeds);
  const sizes: SymbolSizes = new Map();
  return ports.map((port) => {
    const isFed = Object.hasOwn(feeds, port.name);
    // Where there are as many names as inputs and one input is not fed, a name is wrong.
    if (!isFed) checkNames(ports, feeds);
    const tensor = isFed ? feeds[port.name] : port.default;
    if (!tensor) {
      throw new SessionError({
        code: 'FEED_MISSING',
        where: `input ${port.name}`,
        message: `expected ${describePort(port)}, found nothing.`,
        remedy: 'Feed every input of the model that has no default.',
      });
    }
    checkData(port, tensor);
    checkDtype(port, tensor);
    checkShape(port, tensor.shape, sizes);
    return tensor;
  });
}

/**
 * The shapes of the inputs in the order of `ports`, checked as those of feeds are; those that the model says may be
 * left out.
 */
export function checkShapes(ports: readonly Port[], shapes: NamedShapes): Shape[] {
  checkNames(ports, shapes);
  const sizes: SymbolSizes = new Map();
  return ports.map((port) => {
    const shape =
      (Object.hasOwn(shapes, port.name) ? shapes[port.name] : port.default?.shape) ?? knownShape(port.shape);
    if (!shape) {
      throw new SessionError({
        code: 'FEED_MISSING',
        where: `input ${port.name}`,
        message: 'its shape is open, and none is given.',
        remedy: 'Give the shape of every input that has symbolic dimensions.',
      });
    }
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) throw misfit(port, shape);
    checkShape(port, shape, sizes);
    return shape;
  });
}

/** What each symbolic dimension is so far, and in which input. */
type SymbolSizes = Map<string, { readonly size: number; readonly input: string }>;

function checkNames(ports: readonly Port[], feeds: Readonly<Record<string, unknown>>): void {
  for (const name in feeds) {
    if (!ports.some((port) => port.name === name)) {
      throw new SessionError({
        code: 'FEED_UNKNOWN',
        where: `input ${name}`,
        message: `the model has no such input; its inputs are ${ports.map((port) => port.name).join(', ')}.`,
      });
    }
  }
}

function noFeeds(ports: readonly Port[], found: unknown): SessionError {
  return new SessionError({
    code: 'FEED_MISSING',
    message: `expected tensors by the names of the inputs (${ports.map(({ name }) => name).join(', ')}), found ${found}.`,
    remedy: 'Run the session as in run({ x: float32([1, 2, 3]) }).',
  });
}

/** TypeScript sees to it; JavaScript may feed anything. */
function checkData(port: Port, tensor: Tensor): void {
  if (ArrayBuffer.isView(tensor.data) && Array.isArray(tensor.shape)) return;
  throw new SessionError({
    code: 'FEED_TENSOR',
    where: `input ${port.name}`,
    message: `expected a tensor (${describePort(port)}), found something without ${Array.isArray(tensor.shape) ? 'data' : 'a shape'}.`,
    remedy: 'Make it with float32(), fromNumbers() or tensorFromBytes() of @octavo/core.',
  });
}

function checkDtype(port: Port, tensor: Tensor): void {
  if (tensor.dtype !== port.dtype) {
    throw new SessionError({
      code: 'FEED_DTYPE',
      where: `input ${port.name}`,
      message: `expected ${port.dtype}, found ${tensor.dtype}.`,
      remedy: 'Convert the data or name another column.',
    });
  }
}

function checkShape(port: Port, shape: Shape, sizes: SymbolSizes): void {
  if (!port.shape) return;
  if (port.shape.length !== shape.length) throw misfit(port, shape);
  for (let axis = 0; axis < port.shape.length; axis++) {
    const dim = port.shape[axis];
    const size = shape[axis] ?? 0;
    if (typeof dim === 'number' && dim !== size) throw misfit(port, shape);
    if (typeof dim !== 'string') continue;
    const known = sizes.get(dim);
    if (known && known.size !== size)
      throw misfit(port, shape, `; ${dim} is ${known.size} in input ${known.input}`);
    sizes.set(dim, { size, input: port.name });
  }
}

function misfit(port: Port, shape: Shape, why = ''): SessionError {
  return new SessionError({
    code: 'FEED_SHAPE',
    where: `input ${port.name}`,
    message: `expected ${describePort(port)}, found [${shape.join(', ')}]${why}.`,
    remedy: 'Reshape the data; only symbolic and unknown dimensions take any size.',
  });
}

function describePort(port: Port): string {
  return `${port.dtype}${port.shape ? ` [${port.shape.map((dim) => dim ?? '?').join(', ')}]` : ''}`;
}
