import type { Tensor } from '@octavo/core/tensor';
import type { NamedTensors, Port } from './session.js';
import { SessionError } from './session-error.js';

/**
 * The feeds in the order of `ports`, checked: every input present, none unknown, dtypes equal, shapes fitting,
 * and each symbolic dimension of one size throughout.
 */
export function checkFeeds(ports: readonly Port[], feeds: NamedTensors): Tensor[] {
  const names = new Set(ports.map((port) => port.name));
  for (const name of Object.keys(feeds)) {
    if (!names.has(name)) {
      throw new SessionError({
        code: 'FEED_UNKNOWN',
        where: `input ${name}`,
        message: `the model has no such input; its inputs are ${[...names].join(', ')}.`,
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
  const found = `found [${tensor.shape.join(', ')}]`;
  const fail = (why: string): never => {
    throw new SessionError({
      code: 'FEED_SHAPE',
      where: `input ${port.name}`,
      message: `expected ${describePort(port)}, ${found}${why}.`,
      remedy: 'Reshape the data; only symbolic and unknown dimensions take any size.',
    });
  };
  if (port.shape.length !== tensor.shape.length) fail('');
  port.shape.forEach((dim, axis) => {
    const size = tensor.shape[axis] ?? 0;
    if (typeof dim === 'number' && dim !== size) fail('');
    if (typeof dim !== 'string') return;
    const known = sizes.get(dim);
    if (known && known.size !== size) fail(`; ${dim} is ${known.size} in input ${known.input}`);
    sizes.set(dim, { size, input: port.name });
  });
}

function describePort(port: Port): string {
  return `${port.dtype}${port.shape ? ` [${port.shape.map((dim) => dim ?? '?').join(', ')}]` : ''}`;
}
