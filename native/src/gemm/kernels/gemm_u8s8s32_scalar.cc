// Plain C++ in the form that compilers vectorize best for their baseline: one value of the left
// times 16 neighbouring weights, in 16 bits, summed in 32.
#include "gemm/microkernel.h"

namespace octavo {
namespace {

constexpr size_t kColumns = 16;

// Unsigned arithmetic wraps, as the accumulators are specified to.
void run_row(const uint8_t* lhs, const int8_t* weights, const int32_t* init, size_t depth,
             int32_t* acc) {
  uint32_t sums[kColumns];
  for (size_t j = 0; j < kColumns; ++j) sums[j] = static_cast<uint32_t>(init[j]);
  for (size_t k = 0; k < depth; ++k, weights += kColumns) {
    const int16_t a = lhs[k];
    for (size_t j = 0; j < kColumns; ++j) {
      sums[j] += static_cast<uint32_t>(a * static_cast<int16_t>(weights[j]));
    }
  }
  for (size_t j = 0; j < kColumns; ++j) acc[j] = static_cast<int32_t>(sums[j]);
}

}  // namespace

void gemm_u8s8s32_scalar(const Tile& tile) {
  const uint8_t* lhs = static_cast<const uint8_t*>(tile.lhs);
  for (size_t i = 0; i < tile.rows; ++i) {
    run_row(lhs + i * tile.lhs_stride, tile.panel, tile.init + i * tile.init_stride, tile.depth,
            tile.acc + i * tile.acc_stride);
  }
}

}  // namespace octavo
