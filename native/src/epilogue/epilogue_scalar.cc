#include <bit>
#include <cstring>

#include "epilogue/epilogue.h"

namespace octavo {
namespace {

// Adding 1.5 * 2^23 rounds |x| < 2^22 to an integer, ties to even, and leaves it in the low bits:
// unlike a call of lrintf, every compiler vectorizes it.
int32_t round_to_nearest_even(float x) {
  constexpr float kMagic = 12582912.0f;
  constexpr int32_t kMagicBits = 0x4B400000;
  return std::bit_cast<int32_t>(x + kMagic) - kMagicBits;
}

// The output overlaps nothing: bytes could alias all that the loop reads, and then no compiler
// vectorizes it.
void q8_row(const int32_t* acc, const float* scales, size_t count, const EpilogueTile& tile,
            uint8_t* __restrict out) {
  const int32_t zero_point = tile.zero_point;
  const float low = static_cast<float>(tile.clamp_min - zero_point);
  const float high = static_cast<float>(tile.clamp_max - zero_point);
  for (size_t j = 0; j < count; ++j) {
    const float product = static_cast<float>(acc[j]) * scales[j];
    const float above = product > low ? product : low;
    const float y = above < high ? above : high;
    out[j] = static_cast<uint8_t>(round_to_nearest_even(y) + zero_point);
  }
}

void f32_row(const int32_t* acc, const float* scales, const float* row_scale, const float* bias,
             size_t count, float* __restrict out) {
  for (size_t j = 0; j < count; ++j) {
    const float scale = row_scale == nullptr ? scales[j] : *row_scale * scales[j];
    out[j] = static_cast<float>(acc[j]) * scale;
  }
  if (bias == nullptr) return;
  for (size_t j = 0; j < count; ++j) out[j] += bias[j];
}

}  // namespace

void epilogue_s32_scalar(const EpilogueTile& tile) {
  int32_t* out = static_cast<int32_t*>(tile.out);
  for (size_t i = 0; i < tile.rows; ++i) {
    std::memcpy(out + i * tile.out_stride, tile.acc + i * tile.acc_stride,
                tile.columns * sizeof(int32_t));
  }
}

void epilogue_f32_scalar(const EpilogueTile& tile) {
  float* out = static_cast<float*>(tile.out);
  for (size_t i = 0; i < tile.rows; ++i) {
    const float* row_scale = tile.row_scales == nullptr ? nullptr : tile.row_scales + i;
    f32_row(tile.acc + i * tile.acc_stride, tile.scales, row_scale, tile.float_bias, tile.columns,
            out + i * tile.out_stride);
  }
}

void epilogue_q8_scalar(const EpilogueTile& tile) {
  uint8_t* out = static_cast<uint8_t*>(tile.out);
  for (size_t i = 0; i < tile.rows; ++i) {
    q8_row(tile.acc + i * tile.acc_stride, tile.scales, tile.columns, tile,
           out + i * tile.out_stride);
  }
}

}  // namespace octavo
