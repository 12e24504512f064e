import { allocate, elementCount, type Tensor, type TensorArray } from '@octavo/core/tensor';

/** The elements of a row-major tensor `[N, C, spatial...]` in the order `[N, spatial..., C]`. */
export function channelsLast({ dtype, shape, data }: Tensor): TensorArray {
  const [batch = 1, channels = 1, ...spatial] = shape;
  const positions = elementCount(spatial);
  const out = allocate(dtype, data.length);
  let to = 0;
  for (let n = 0; n < batch; n++) {
    for (let position = 0; position < positions; position++) {
      for (let c = 0; c < channels; c++) out[to++] = data[(n * channels + c) * positions + position] ?? 0;
    }
  }
  return out;
}
