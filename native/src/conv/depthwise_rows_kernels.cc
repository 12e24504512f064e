#include "conv/depthwise_rows_kernels.h"

#include "vector/narrow.h"

namespace octavo {
namespace {

#if defined(__AVX2__)

OCTAVO_INLINE __m256i quarter(const int16_t* column, size_t q) {
  return load<__m256i>(column + 16 * q);
}

void interleave(const DepthwiseInterleave& columns) {
  const __m256i flip = _mm256_set1_epi8(static_cast<char>(columns.flip));
  const __m256i zero = _mm256_setzero_si256();
  const uint8_t* first = columns.first;
  const uint8_t* second = columns.second;
  const size_t first_stride = columns.first_stride, second_stride = columns.second_stride;
  int16_t* out = columns.out;
  for (size_t i = columns.count; i > 0; --i) {
    const __m256i a = _mm256_xor_si256(load<__m256i>(first), flip);
    const __m256i b = _mm256_xor_si256(load<__m256i>(second), flip);
    const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
    store(out, _mm256_unpacklo_epi8(low, zero));
    store(out + 16, _mm256_unpackhi_epi8(low, zero));
    store(out + 32, _mm256_unpacklo_epi8(high, zero));
    store(out + 48, _mm256_unpackhi_epi8(high, zero));
    first += first_stride;
    second += second_stride;
    out += kDepthwiseColumn;
  }
}

// kOutputs neighbours by half a block: eight sums, which leave registers for weights.
template <size_t kOutputs>
struct HalfBlock {
  __m256i acc[kOutputs][2];

  OCTAVO_INLINE HalfBlock(const DepthwiseRowRun& run, const int16_t* values, size_t half) {
    const __m256i bias0 = load<__m256i>(run.bias + 16 * half);
    const __m256i bias1 = load<__m256i>(run.bias + 16 * half + 8);
    for (size_t x = 0; x < kOutputs; ++x) {
      acc[x][0] = bias0;
      acc[x][1] = bias1;
    }
    const int16_t* weights = run.weights + 32 * half;
    const uint32_t* offsets = run.offsets;
    const size_t step = run.step;
    values += 32 * half;
    for (size_t p = run.pairs; p > 0; --p, weights += kDepthwiseColumn, ++offsets) {
      const __m256i w0 = load<__m256i>(weights), w1 = load<__m256i>(weights + 16);
      const int16_t* column = values + *offsets;
      for (size_t x = 0; x < kOutputs; ++x, column += step) {
        acc[x][0] = _mm256_add_epi32(acc[x][0], _mm256_madd_epi16(quarter(column, 0), w0));
        acc[x][1] = _mm256_add_epi32(acc[x][1], _mm256_madd_epi16(quarter(column, 1), w1));
      }
    }
  }
};

struct Requantizer {
  __m256 low, high;
  __m256i zero_point;

  OCTAVO_INLINE explicit Requantizer(const DepthwiseRowRun& run)
      : low(splat(static_cast<float>(run.clamp_min - run.zero_point))),
        high(splat(static_cast<float>(run.clamp_max - run.zero_point))),
        zero_point(_mm256_set1_epi16(static_cast<int16_t>(run.zero_point))) {}

  OCTAVO_INLINE __m256i integers(__m256i acc, const float* scales) const {
    const __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), load<__m256>(scales));
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(y, low), high));
  }
  // The clamp has put values within 9 bits of 0, and their sums with the zero point into a byte.
  OCTAVO_INLINE __m256i operator()(__m256i acc0, __m256i acc1, const float* scales) const {
    const __m256i y = _mm256_packs_epi32(integers(acc0, scales), integers(acc1, scales + 8));
    return _mm256_and_si256(_mm256_add_epi16(y, zero_point), _mm256_set1_epi16(0xFF));
  }
};

template <size_t kOutputs>
OCTAVO_INLINE void run_q8_outputs(const DepthwiseRowRun& run, const Requantizer& requantize,
                                  const int16_t* values, uint8_t* out) {
  __m256i halves[kOutputs];
  {
    const HalfBlock<kOutputs> block(run, values, 0);
    for (size_t x = 0; x < kOutputs; ++x) {
      halves[x] = requantize(block.acc[x][0], block.acc[x][1], run.scales);
    }
  }
  const HalfBlock<kOutputs> block(run, values, 1);
  for (size_t x = 0; x < kOutputs; ++x) {
    const __m256i upper = requantize(block.acc[x][0], block.acc[x][1], run.scales + 16);
    store(out + x * run.out_stride, _mm256_packus_epi16(halves[x], upper));
  }
}

void run_q8(const DepthwiseRowRun& run) {
  const Requantizer requantize(run);
  const int16_t* values = run.values;
  uint8_t* out = run.out;
  size_t x = 0;
  for (; x + 4 <= run.count; x += 4, values += 4 * run.step, out += 4 * run.out_stride) {
    run_q8_outputs<4>(run, requantize, values, out);
  }
  for (; x < run.count; ++x, values += run.step, out += run.out_stride) {
    run_q8_outputs<1>(run, requantize, values, out);
  }
}

// Quarters hold four channels of the lower 16 and four of the upper.
void run_s32(const DepthwiseRowRun& run) {
  for (size_t x = 0; x < run.count; ++x) {
    for (size_t half = 0; half < 2; ++half) {
      const HalfBlock<1> block(run, run.values + x * run.step, half);
      int32_t* out = run.acc + x * kDepthwiseBlock + 8 * half;
      for (size_t q = 0; q < 2; ++q) {
        store(out + 4 * q, _mm256_castsi256_si128(block.acc[0][q]));
        store(out + 16 + 4 * q, _mm256_extracti128_si256(block.acc[0][q], 1));
      }
    }
  }
}

#else

void interleave(const DepthwiseInterleave& columns) {
  for (size_t i = 0; i < columns.count; ++i) {
    const uint8_t* a = columns.first + i * columns.first_stride;
    const uint8_t* b = columns.second + i * columns.second_stride;
    int16_t* out = columns.out + i * kDepthwiseColumn;
    for (size_t lane = 0; lane < kDepthwiseBlock; ++lane) {
      out[2 * lane] = a[depthwise_channel(lane)] ^ columns.flip;
      out[2 * lane + 1] = b[depthwise_channel(lane)] ^ columns.flip;
    }
  }
}

void sum_lanes_at(const DepthwiseRowRun& run, size_t x, uint32_t* __restrict acc) {
  for (size_t lane = 0; lane < kDepthwiseBlock; ++lane) {
    acc[lane] = static_cast<uint32_t>(run.bias[lane]);
  }
  for (size_t p = 0; p < run.pairs; ++p) {
    const int16_t* values = run.values + run.offsets[p] + x * run.step;
    const int16_t* weights = run.weights + p * kDepthwiseColumn;
    for (size_t lane = 0; lane < kDepthwiseBlock; ++lane) {
      acc[lane] += static_cast<uint32_t>(values[2 * lane] * weights[2 * lane] +
                                         values[2 * lane + 1] * weights[2 * lane + 1]);
    }
  }
}

void run_q8(const DepthwiseRowRun& run) {
  const F32 low = splat(static_cast<float>(run.clamp_min - run.zero_point));
  const F32 high = splat(static_cast<float>(run.clamp_max - run.zero_point));
  for (size_t x = 0; x < run.count; ++x) {
    uint32_t acc[kDepthwiseBlock];
    sum_lanes_at(run, x, acc);
    uint8_t* out = run.out + x * run.out_stride;
    for (size_t lane = 0; lane < kDepthwiseBlock; lane += kLanes) {
      const F32 y = to_float(load<I32>(acc + lane)) * load<F32>(run.scales + lane);
      const I32 q = round_to_int(min(max(y, low), high)) + run.zero_point;
      for (size_t i = 0; i < kLanes; ++i) {
        out[depthwise_channel(lane + i)] = static_cast<uint8_t>(q[i]);
      }
    }
  }
}

void run_s32(const DepthwiseRowRun& run) {
  for (size_t x = 0; x < run.count; ++x) {
    uint32_t acc[kDepthwiseBlock];
    sum_lanes_at(run, x, acc);
    int32_t* out = run.acc + x * kDepthwiseBlock;
    for (size_t lane = 0; lane < kDepthwiseBlock; ++lane) {
      out[depthwise_channel(lane)] = static_cast<int32_t>(acc[lane]);
    }
  }
}

#endif

}  // namespace

const DepthwiseRowsKernels OCTAVO_TIERED(depthwise_rows) = {interleave, run_q8, run_s32};

}  // namespace octavo
