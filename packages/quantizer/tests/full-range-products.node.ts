import { existsSync, readFileSync } from 'node:fs';
import type { Model } from '@octavo/core/ir';
import { fromNumbers, StoredTensor, toNumbers } from '@octavo/core/tensor';

const CPU_FLAGS = '/proc/cpuinfo';
const hasVnni = existsSync(CPU_FLAGS) && readFileSync(CPU_FLAGS, 'utf8').includes('vnni');

/**
 * onnxruntime saturates u8 x s8 products on x64 processors without VNNI: unless this one is known to have it, int8
 * weights are cut to [-64, 64] here, so that both runtimes multiply the same numbers.
 */
export function comparableWeights(model: Model): Model {
  if (hasVnni) return model;
  for (const value of model.graph.initializers) {
    const tensor = value.constant?.peek();
    if (tensor?.dtype !== 'int8' || tensor.shape.length < 2) continue;
    const cut = toNumbers(tensor).map((q) => Math.max(-64, Math.min(64, q)));
    value.constant = StoredTensor.of(fromNumbers('int8', tensor.shape, cut));
  }
  return model;
}
