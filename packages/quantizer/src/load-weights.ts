import { type StoredTensor, type Tensor, TensorError } from '@octavo/core/tensor';

/** The weights of a layer that `takeCompute` accepted. Throws TensorError `TENSOR_DTYPE` for other dtypes. */
export async function loadWeights(constant: StoredTensor | undefined): Promise<Tensor<'float32'>> {
  const tensor = await constant?.load();
  if (tensor?.is('float32')) return tensor;
  throw new TensorError({
    code: 'TENSOR_DTYPE',
    message: `weights are ${tensor?.dtype ?? 'missing'}, not float32.`,
    remedy: 'Exclude the node.',
  });
}
