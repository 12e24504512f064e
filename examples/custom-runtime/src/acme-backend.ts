import { type Backend, defineBackend, defineKernel, SUPPORTED, unsupported } from '@octavo/backend';
import { MatMulInteger, Relu } from '@octavo/core/ir';
import { OctavoError, Tensor, toNumbers } from '@octavo/core/tensor';
import { type AcmeBytes, acmeClamp, acmeMultiply, acmePack } from './acme-engine.js';

const matMulInteger = defineKernel(MatMulInteger, {
  supports: (node) => {
    const [, weights, rowZeroPoint, columnZeroPoint] = node.inputs;
    if (weights?.constant?.shape.length !== 2) return unsupported('its weights are no constant matrix');
    if (columnZeroPoint && !columnZeroPoint.constant)
      return unsupported('its weights have a varying zero point');
    if (rowZeroPoint && rowZeroPoint.shape?.length !== 0)
      return unsupported('it has a zero point for each row');
    return SUPPORTED;
  },
  prepare: ({ constants }) => {
    const [, weights, , zeroPoints] = constants;
    const [k = 0, n = 0] = weights?.shape ?? [];
    const packed = acmePack(bytesOf(weights), k, n, zeroPoints ? toNumbers(zeroPoints) : [0]);
    return {
      name: 'acme_multiply',
      run: ([rows, , zeroPoint]) => {
        const offset = zeroPoint ? (toNumbers(zeroPoint)[0] ?? 0) : 0;
        const shape = [...(rows?.shape.slice(0, -1) ?? []), n];
        return [new Tensor('int32', shape, acmeMultiply(bytesOf(rows), offset, packed))];
      },
    };
  },
});

const relu = defineKernel(Relu, {
  supports: (node) => {
    const [x] = node.inputs;
    return x?.dtype === 'float32' && !x.quantized ? SUPPORTED : unsupported('it clamps float32 only');
  },
  prepare: () => ({
    name: 'acme_clamp',
    run: ([x]) => [new Tensor('float32', x?.shape ?? [], acmeClamp(floatsOf(x)))],
  }),
});

/** The engine as a backend: a list of two kernels. */
export function acme(): Backend {
  return defineBackend({ id: 'acme', kernels: [matMulInteger, relu] });
}

function bytesOf(tensor: Tensor | undefined): AcmeBytes {
  if (tensor?.is('int8') || tensor?.is('uint8')) return tensor.data;
  throw new OctavoError({ code: 'ACME_DTYPE', message: `expected int8 or uint8, found ${tensor?.dtype}.` });
}

function floatsOf(tensor: Tensor | undefined): Float32Array {
  if (tensor?.is('float32')) return tensor.data;
  throw new OctavoError({ code: 'ACME_DTYPE', message: `expected float32, found ${tensor?.dtype}.` });
}
