import type { Tensor } from '@octavo/core/tensor';
import * as ort from 'onnxruntime-node';

/** The same numbers for onnxruntime. Float16 goes in as bits: its addon reads no bytes of a `Float16Array`. */
export function ortTensor(tensor: Tensor): ort.Tensor {
  if (tensor.is('float16')) {
    return Object.assign(new ort.Tensor('uint16', tensor.data, tensor.shape), { type: 'float16' as const });
  }
  return new ort.Tensor(tensor.dtype as 'float32', tensor.data as Float32Array, tensor.shape);
}
