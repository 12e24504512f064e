#include "block_gemm/block_kernels.h"

#include "vector/narrow.h"

namespace octavo {
namespace {

constexpr int32_t kInfinity = 0x7F800000;

struct QuantizedBlock {
  float scale;
  int32_t sum;
};

OCTAVO_INLINE I32 lowest(I32 a, I32 b) { return a < b ? a : b; }

// Bits of magnitudes order like the numbers, infinity and NaNs last.
OCTAVO_INLINE I32 magnitude_bits(F32 x) { return as_int(x) & INT32_MAX; }

float highest_magnitude(const float* x, size_t count) {
  I32 most{};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    prefetch_ahead(x + i);
    most = highest(most, magnitude_bits(load<F32>(x + i)));
  }
  if (i < count) most = highest(most, magnitude_bits(load_some<F32>(x + i, count - i)));
  const int32_t bits = highest_lane(most);
  if (bits >= kInfinity) return __builtin_nanf("");
  return as_float(splat(bits))[0];
}

// A scale that is not normal may be so far from amax / 127 that quotients pass the range.
OCTAVO_INLINE I32 quotient(F32 x, F32 scale) {
  return lowest(splat(127), highest(splat(-127), round_to_int(x / scale)));
}

QuantizedBlock quantize_block(const float* x, size_t count, int8_t* q) {
  const float scale = highest_magnitude(x, count) / 127.0f;
  if (!(scale > 0)) {
    __builtin_memset(q, 0, count);
    return {scale, 0};
  }
  const F32 divisor = splat(scale);
  uint8_t* out = reinterpret_cast<uint8_t*>(q);
  I32 sums{};
  size_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    const I32 a = quotient(load<F32>(x + i), divisor);
    const I32 b = quotient(load<F32>(x + i + kLanes), divisor);
    const I32 c = quotient(load<F32>(x + i + 2 * kLanes), divisor);
    const I32 d = quotient(load<F32>(x + i + 3 * kLanes), divisor);
    sums += (a + b) + (c + d);
    store_narrow(out + i, a, b, c, d);
  }
  for (; i + kLanes <= count; i += kLanes) {
    const I32 values = quotient(load<F32>(x + i), divisor);
    sums += values;
    store_narrow(out + i, values);
  }
  for (; i < count; ++i) {
    const I32 value = quotient(load_some<F32>(x + i, 1), divisor);
    sums += value;
    out[i] = static_cast<uint8_t>(value[0]);
  }
  return {scale, sum_lanes(sums)};
}

void quantize(const RowQuantization& rows) {
  const uint8_t flip = rows.flip;
  size_t block = 0;
  for (size_t row = 0; row < rows.rows; ++row) {
    const float* x = rows.x + row * rows.x_stride;
    int8_t* q = rows.q + row * rows.q_stride;
    for (size_t left = rows.count; left != 0; ++block) {
      const size_t count = left < rows.block_size ? left : rows.block_size;
      const QuantizedBlock quantized = quantize_block(x, count, q);
      rows.scales[block] = quantized.scale;
      if (rows.offsets != nullptr) {
        rows.offsets[block] =
            static_cast<int32_t>(0u - rows.factor * static_cast<uint32_t>(quantized.sum));
      }
      if (flip != 0) {
        for (size_t i = 0; i < count; ++i) q[i] = static_cast<int8_t>(q[i] ^ flip);
      }
      x += count;
      q += count;
      left -= count;
    }
  }
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
