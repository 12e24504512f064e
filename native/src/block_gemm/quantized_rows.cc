#include "block_gemm/quantized_rows.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/math.h"
#include "base/thread_scratch.h"
#include "block_gemm/select_block.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

constexpr size_t kPageBytes = 4096;
// Elements that are worth waking a thread for.
constexpr size_t kElementsPerTask = 16384;

// Rows a multiple of a page apart would compete for one set of the first-level cache.
size_t row_stride(size_t bytes) {
  const size_t stride = div_up(bytes, kCacheLine) * kCacheLine;
  return stride % kPageBytes == 0 ? stride + kCacheLine : stride;
}

// From the last quadruple to the first, in place: a row of bytes becomes int16 ordered 0, 2, 1, 3.
void widen_row(uint8_t* row, size_t count) {
  for (size_t k = count; k != 0;) {
    k -= 4;
    int8_t from[4];
    std::memcpy(from, row + k, sizeof(from));
    const int16_t to[4] = {from[0], from[2], from[1], from[3]};
    std::memcpy(row + 2 * k, to, sizeof(to));
  }
}

}  // namespace

QuantizedRows::QuantizedRows(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                             octavo_type type, Offsets offsets, IsaSet available)
    : args_(args),
      rhs_(rhs),
      quantize_(select_row_quantizer(available)),
      type_(type),
      stride_(row_stride(rhs.padded_k() * (type == OCTAVO_S16 ? 2 : 1))) {
  const CheckedSize blocks = CheckedSize(args.m).times(rhs.shape.blocks);
  const size_t bytes = CheckedSize(args.m)
                           .times(stride_)
                           .plus(blocks.times(sizeof(float) + sizeof(int32_t)).value())
                           .value();
  values_ = thread_scratch(bytes, Scratch::rows);
  if (values_ == nullptr) throw std::bad_alloc();
  scales_ = reinterpret_cast<float*>(values_ + args.m * stride_);
  if (offsets == Offsets::kRead) offsets_ = reinterpret_cast<int32_t*>(scales_ + blocks.value());
}

void QuantizedRows::quantize_all() const {
  const size_t rows_per_task = std::max<size_t>(1, kElementsPerTask / rhs_.k);
  parallel_for(div_up(args_.m, rows_per_task), args_.threads, [&](size_t task) {
    const size_t first = task * rows_per_task;
    quantize(first, std::min(args_.m - first, rows_per_task));
  });
}

void QuantizedRows::quantize(size_t first, size_t count,
                             const int32_t (*found)[kBlockColumns]) const {
  uint8_t* values = values_ + first * stride_;
  const size_t at = first * rhs_.shape.blocks;
  const uint32_t factor = rhs_.shape.has_zero_points ? 1 : rhs_.middle();
  const uint8_t zero = type_ == OCTAVO_U8 ? 128 : 0;
  quantize_({args_.lhs + first * args_.lhs_stride, rhs_.k, rhs_.block_size, factor,
             reinterpret_cast<int8_t*>(values), scales_ + at,
             offsets_ == nullptr ? nullptr : offsets_ + at, zero, count, args_.lhs_stride,
             stride_, found});
  const size_t padded = rhs_.padded_k();
  for (size_t row = 0; row < count; ++row, values += stride_) {
    std::memset(values + rhs_.k, zero, padded - rhs_.k);
    if (type_ == OCTAVO_S16) widen_row(values, padded);
  }
}

}  // namespace octavo
