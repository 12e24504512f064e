#include "block_gemm/block_kernels.h"

#include "vector/narrow.h"

namespace octavo {
namespace {

constexpr int32_t kInfinity = 0x7F800000;

// Of the bits of magnitudes, which order like the numbers, infinity and NaNs last.
OCTAVO_INLINE I32 highest(I32 a, I32 b) {
  const I32 greater = a > b;
  return (greater & a) | (~greater & b);
}

OCTAVO_INLINE I32 to_int8(I32 x) {
  const I32 low = x<-127, high = x> 127;
  return (low & -127) | (high & 127) | (~(low | high) & x);
}

float magnitude_of(const float* x, size_t count) {
  I32 most{};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) most = highest(most, load<I32>(x + i) & INT32_MAX);
  if (i < count) most = highest(most, load_some<I32>(x + i, count - i) & INT32_MAX);
  int32_t bits = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) bits = bits > most[lane] ? bits : most[lane];
  if (bits >= kInfinity) return __builtin_nanf("");
  return as_float(splat(bits))[0];
}

QuantizedBlock quantize(const float* x, size_t count, int8_t* q) {
  const float scale = magnitude_of(x, count) / 127.0f;
  if (!(scale > 0)) {
    __builtin_memset(q, 0, count);
    return {scale, 0};
  }
  const F32 divisor = splat(scale);
  uint8_t* out = reinterpret_cast<uint8_t*>(q);
  I32 sums{};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const I32 values = to_int8(round_to_int(load<F32>(x + i) / divisor));
    sums += values;
    store_narrow(out + i, values);
  }
  for (; i < count; ++i) {
    const I32 value = to_int8(round_to_int(load_some<F32>(x + i, 1) / divisor));
    sums += value;
    out[i] = static_cast<uint8_t>(value[0]);
  }
  int32_t sum = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) sum += sums[lane];
  return {scale, sum};
}

template <int Bits>
void expand_bits(const BlockExpansion& block) {
  constexpr size_t kVectors = kBlockColumns / kLanes;
  constexpr int kPlanes = 8 / Bits;
  constexpr int32_t kLow = (1 << Bits) - 1;
  for (size_t j = 0; j < kVectors; ++j) {
    const size_t column = j * kLanes;
    const F32 scale = load<F32>(block.scales + column);
    const I32 zero_point = load<I32>(block.zero_points + column);
    const uint8_t* from = block.rows + 4 * column;
    float* out = block.out + column;
    for (size_t row = 0; row < block.row_count; ++row, from += kBlockRowBytes) {
      const U32 packed = load<U32>(from);
#pragma GCC unroll 4
      for (int plane = 0; plane < kPlanes; ++plane) {
#pragma GCC unroll 4
        for (int byte = 0; byte < 4; ++byte, out += block.stride) {
          const I32 q = reinterpret_cast<I32>(packed >> (8 * byte + Bits * plane)) & kLow;
          store(out, to_float(q - zero_point) * scale);
        }
      }
    }
  }
}

void expand(const BlockExpansion& block) {
  if (block.bits == 2) return expand_bits<2>(block);
  if (block.bits == 4) return expand_bits<4>(block);
  expand_bits<8>(block);
}

}  // namespace

const BlockKernels OCTAVO_TIERED(block_kernels) = {quantize, expand};

}  // namespace octavo
