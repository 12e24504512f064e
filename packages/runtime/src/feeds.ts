import type { Tensor } from '@octavo/core/tensor';
import type { NamedTensors, Port } from './session.js';
import { SessionError } from './session-error.js';

/**
 * The feeds in the order of `ports`, checked: every input present, none unknown, dtypes equal, shapes fitting,
 * and each symbolic dimension of one size throughout.
 */
export function checkFeeds(ports: readonly Port[], feeds: NamedTensors): Tensor[] {
  for (const name in feeds) {
    if (!ports.some((port) => port.name === name)) {
      throw new SessionError({
        code: 'FEED_UNKNOWN',
        where: `input ${name}`,
        message: `the model has no such input; its inputs are ${ports.map((port) => port.name).join(', ')}.`,
      });
    }
  }
  const sizes = new Map<string, { size: number; input: string }>();
  return ports.map((port) => {
    const tensor = Object.hasOwn(feeds, port.name) ? feeds[port.name] : undefined;
    if (!tensor) {
      throw new SessionError({
        code: 'FEED_MISSING',
        where: `input ${port.name}`,
        message: `expected ${describePort(port)}, found nothing.`,
        remedy: 'Feed every input of the model.',
      });
    }
    checkDtype(port, tensor);
    checkShape(port, tensor, sizes);
    return tensor;
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

function checkShape(port: Port, tensor: Tensor, sizes: Map<string, { size: number; input: string }>): void {
  if (!port.shape) return;
  if (port.shape.length !== tensor.shape.length) throw misfit(port, tensor, '');
  for (let axis = 0; axis < port.shape.length; axis++) {
    const dim = port.shape[axis];
    const size = tensor.shape[axis] ?? 0;
    if (typeof dim === 'number' && dim !== size) throw misfit(port, tensor, '');
    if (typeof dim !== 'string') continue;
    const known = sizes.get(dim);
    if (known && known.size !== size)
      throw misfit(port, tensor, `; ${dim} is ${known.size} in input ${known.input}`);
    sizes.set(dim, { size, input: port.name });
  }
}

function misfit(port: Port, tensor: Tensor, why: string): SessionError {
  return new SessionError({
    code: 'FEED_SHAPE',
    where: `input ${port.name}`,
    message: `expected ${describePort(port)}, found [${tensor.shape.join(', ')}]${why}.`,
    remedy: 'Reshape the data; only symbolic and unknown dimensions take any size.',
  });
}

function describePort(port: Port): string {
  return `${port.dtype}${port.shape ? ` [${port.shape.map((dim) => dim ?? '?').join(', ')}]` : ''}`;
}
