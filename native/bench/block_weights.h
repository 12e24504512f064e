// Packed weights of some numbers, for benchmarks of products with block-quantized weights.
#ifndef OCTAVO_BENCH_BLOCK_WEIGHTS_H_
#define OCTAVO_BENCH_BLOCK_WEIGHTS_H_

#include <cstdint>
#include <vector>

#include "base/math.h"
#include "block_gemm/pack_blocks.h"

namespace octavo::bench {

struct Format {
  uint32_t bits;
  size_t block_size;
};

// As MatMulNBits holds them, with scales that half precision has no room for.
inline PackedBlocks some_blocks(size_t k, size_t n, const Format& format) {
  const size_t blocks = div_up(k, format.block_size);
  std::vector<uint8_t> data(n * blocks * format.block_size * format.bits / 8);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i * 131 + i / 251);
  const std::vector<float> scales(n * blocks, 0.0123f);
  octavo_block_weights weights{};
  weights.data = data.data();
  weights.bits = format.bits;
  weights.k = k;
  weights.n = n;
  weights.block_size = format.block_size;
  weights.k_stride = 1;
  weights.n_stride = blocks * format.block_size;
  weights.scales = scales.data();
  weights.scale_type = OCTAVO_F32;
  weights.scale_block_stride = 1;
  weights.scale_n_stride = blocks;
  return pack_blocks(weights);
}

}  // namespace octavo::bench

#endif  // OCTAVO_BENCH_BLOCK_WEIGHTS_H_
