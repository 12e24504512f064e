#include "gemm/lhs_block.h"

#include <algorithm>

#include "base/math.h"

namespace octavo {
namespace {

// A quarter of a small second-level cache: the weights' panel lives there too.
constexpr size_t kStageBytes = 128 * 1024;
constexpr size_t kMinStageRows = 48;
constexpr size_t kPageBytes = 4096;

// Rows a multiple of a page apart would compete for one set of the first-level cache.
size_t staged_stride(size_t k) {
  const size_t stride = div_up(k, kCacheLine) * kCacheLine;
  return stride % kPageBytes == 0 ? stride + kCacheLine : stride;
}

// Nothing else is at `out`: bytes could alias any variable, and then no compiler vectorizes this.
void flip_signs(const uint8_t* row, size_t k, uint8_t* __restrict out) {
  for (size_t i = 0; i < k; ++i) out[i] = row[i] ^ 0x80;
}

}  // namespace

LhsStage::LhsStage(octavo_type from, octavo_type to, size_t m, size_t k)
    : flip_(from != to), k_(k), stride_(staged_stride(k)), block_rows_(m) {
  if (!flip_) return;
  block_rows_ = std::min(m, std::max(kMinStageRows, kStageBytes / stride_));
  buffer_ = AlignedBuffer<uint8_t>(CheckedSize(block_rows_).times(stride_).value());
}

LhsBlock LhsStage::block(const uint8_t* rows, size_t stride, size_t count) {
  if (!flip_) return {rows, stride};
  for (size_t i = 0; i < count; ++i) {
    flip_signs(rows + i * stride, k_, buffer_.data() + i * stride_);
  }
  return {buffer_.data(), stride_};
}

uint32_t row_sum(const uint8_t* row, size_t k, octavo_type type) {
  uint32_t sum = 0;
  for (size_t i = 0; i < k; ++i) sum += row[i] ^ (type == OCTAVO_S8 ? 0x80u : 0x00u);
  return type == OCTAVO_S8 ? sum - 128u * static_cast<uint32_t>(k) : sum;
}

}  // namespace octavo
