import type { Node, Value } from '@octavo/core/ir';
import { KernelError, type Tensor, toNumbers } from '@octavo/core/tensor';
import { declineScales, integersOf, isBytes, type ProductTypes, type Qparams } from './product-types.js';
import { fitsBytes } from './weight-bytes.js';

/*
 * QLinearConv and QLinearMatMul have the same operands: x, its scale and zero point, w, its scale and zero point, the
 * scale and zero point of y, and the former a bias.
 */

/**
 * Why the native kernels do not run a QLinear product with constant weights, or undefined when they do.
 * @param channelAxis Axis of w that counts output channels.
 */
export function declineQLinear(node: Node, channelAxis: number): string | undefined {
  const [, , , w, , , , , bias] = node.inputs;
  if (!w?.constant || (bias && !bias.constant)) return 'its weights or bias are not constant';
  return declineParameters(node, w.constant.shape[channelAxis]);
}

/**
 * Why the native kernels do not take the types, scales and zero points of a QLinear product, or undefined when they do.
 * @param channels How many of those w may have instead of one.
 */
export function declineParameters(node: Node, channels: number | undefined): string | undefined {
  const [x, xScale, xZero, w, wScale, wZero, yScale, yZero] = node.inputs;
  const parameters = [xScale, xZero, wScale, wZero, yScale, yZero];
  if (parameters.some((value) => value && !value.constant))
    return 'its scales or zero points are not constant';
  if (!isBytes(x) || !fitsBytes(w)) return `no kernel for ${x?.dtype} times ${w?.dtype}`;
  if (!isBytes(yZero)) return `no kernel for results of ${yZero?.dtype}`;
  if ([xScale, xZero, yScale, yZero].some((value) => sizeOf(value) !== 1))
    return 'its input or output is not quantized per tensor';
  if ([wScale, wZero].some((value) => sizeOf(value) !== 1 && sizeOf(value) !== channels))
    return 'its weights are not quantized along their output channels';
  if (parameters.some((value) => value && !value.constant?.peek()))
    return 'its scales or zero points are not in memory';
  return declineScales(typesFrom(node.inputs.map((value) => value?.constant?.peek())));
}

/** The scales and zero points of a node that {@link declineParameters} accepted. */
export function qlinearTypes(constants: readonly (Tensor | undefined)[]): ProductTypes {
  return typesFrom(constants);
}

function typesFrom(operands: readonly (Tensor | undefined)[]): ProductTypes {
  const storage = operands[7]?.dtype;
  if (!storage) throw new KernelError({ code: 'KERNEL_QUANTIZED', message: 'y has a zero point.' });
  return {
    x: qparams(operands[1], operands[2]),
    w: qparams(operands[4], operands[5]),
    y: { ...qparams(operands[6], operands[7]), storage },
  };
}

function qparams(scale: Tensor | undefined, zeroPoint: Tensor | undefined): Qparams {
  return {
    scales: scale ? Float32Array.from(toNumbers(scale)) : Float32Array.of(1),
    zeroPoints: integersOf(zeroPoint),
  };
}

function sizeOf(value: Value | undefined): number | undefined {
  return value?.constant?.size;
}
