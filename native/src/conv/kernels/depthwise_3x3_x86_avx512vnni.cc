// A window's sums are made while its columns stay in registers, so that a pixel is read once for
// each row of outputs. The limit are the two ports that Intel's cores have for 512 bits: for 64
// outputs they execute 8 instructions for each new column, 12 products and 17 that make bytes, or
// 20 of those within limits or int8.
#include "conv/depthwise_3x3_kernel.h"
#include "conv/kernels/depthwise_vectors_x86_avx512.h"

#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__)
#error "compile this file with AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

inline __m128i load_128(const uint8_t* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

inline __m256i load_256(const uint8_t* bytes) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
}

// Reads one column after another of kOutputs rows of outputs. Weights of the fourth row of each are
// 0, so it may hold anything.
template <int kOutputs, typename Unsigned>
struct Columns {
  explicit Columns(const Depthwise3x3Run& run)
      : padding(run.padding), at(0 - run.left), width(run.width), offset(0), step(run.step),
        to_unsigned(run.flip) {
#pragma GCC unroll 4
    for (int i = 0; i < kOutputs; ++i) {
#pragma GCC unroll 3
      for (int k = 0; k < 3; ++k) rows[i][k] = run.rows[i][k];
    }
  }

  __attribute__((always_inline)) __m512i load(int k) const {
    if constexpr (kOutputs == 1) return to_unsigned(_mm512_loadu_si512(rows[0][k] + offset));
    if constexpr (kOutputs == 2) {
      const __m512i first = _mm512_castsi256_si512(load_256(rows[0][k] + offset));
      return to_unsigned(_mm512_inserti64x4(first, load_256(rows[1][k] + offset), 1));
    }
    if constexpr (kOutputs == 4) {
      __m512i bytes = _mm512_castsi128_si512(load_128(rows[0][k] + offset));
      bytes = _mm512_inserti32x4(bytes, load_128(rows[1][k] + offset), 1);
      bytes = _mm512_inserti32x4(bytes, load_128(rows[2][k] + offset), 2);
      return to_unsigned(_mm512_inserti32x4(bytes, load_128(rows[3][k] + offset), 3));
    }
  }

  __attribute__((always_inline)) QuadColumn next() {
    if (at++ >= width) {
      const __m512i bytes = to_unsigned(_mm512_loadu_si512(padding));
      return interleave_vectors(bytes, bytes, bytes, bytes);
    }
    const __m512i last = load(2);
    const QuadColumn column = interleave_vectors(load(0), load(1), last, last);
    offset += step;
    return column;
  }

  const uint8_t* rows[kOutputs][3];
  const uint8_t* padding;
  size_t at;  // wraps around below 0
  size_t width;
  size_t offset, step;
  Unsigned to_unsigned;
};

template <int kOutputs>
__attribute__((always_inline)) inline void store(__m512i bytes, const Depthwise3x3Run& run,
                                                 size_t offset) {
  if constexpr (kOutputs == 1) _mm512_storeu_si512(run.out[0] + offset, bytes);
  if constexpr (kOutputs == 2) {
    const auto part = [&](int i) { return reinterpret_cast<__m256i*>(run.out[i] + offset); };
    _mm256_storeu_si256(part(0), _mm512_castsi512_si256(bytes));
    _mm256_storeu_si256(part(1), _mm512_extracti64x4_epi64(bytes, 1));
  }
  if constexpr (kOutputs == 4) {
    const auto part = [&](int i) { return reinterpret_cast<__m128i*>(run.out[i] + offset); };
    _mm_storeu_si128(part(0), _mm512_castsi512_si128(bytes));
    _mm_storeu_si128(part(1), _mm512_extracti32x4_epi32(bytes, 1));
    _mm_storeu_si128(part(2), _mm512_extracti32x4_epi32(bytes, 2));
    _mm_storeu_si128(part(3), _mm512_extracti32x4_epi32(bytes, 3));
  }
}

inline QuadColumn load_weights(const int8_t* weights) {
  return {{_mm512_load_si512(weights), _mm512_load_si512(weights + 64),
           _mm512_load_si512(weights + 128), _mm512_load_si512(weights + 192)}};
}

__attribute__((always_inline)) inline void add(__m512i (&acc)[4], const QuadColumn& column,
                                               const QuadColumn& weights) {
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    acc[q] = _mm512_dpbusd_epi32(acc[q], column.quarters[q], weights.quarters[q]);
  }
}

// Registers are short: each column is made when it is needed, and the last weights are read again.
template <int kOutputs, int kStride, typename Unsigned, typename Limits>
void run_windows(const Depthwise3x3Run& run) {
  const Requantizer<true, Limits> requantize(run.lanes);
  const QuadColumn first = load_weights(run.weights);
  const QuadColumn second = load_weights(run.weights + kDepthwiseQuadColumn);
  Columns<kOutputs, Unsigned> columns(run);
  QuadColumn window[3];
  window[0] = columns.next();
  if (kStride == 1) window[1] = columns.next();
  const size_t end = run.count * run.step;
  for (size_t offset = 0; offset < end; offset += run.step) {
    __m512i acc[4];
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) acc[q] = _mm512_load_si512(run.lanes.bias + 16 * q);
    add(acc, window[0], first);
    if (kStride == 2) window[1] = columns.next();
    add(acc, window[1], second);
    window[2] = columns.next();
    add(acc, window[2], load_weights(run.weights + 2 * kDepthwiseQuadColumn));
    store<kOutputs>(requantize(acc), run, offset);
    window[0] = window[kStride];
    if (kStride == 1) window[1] = window[2];
  }
}

template <int kOutputs, int kStride, typename Unsigned>
void run_limits(const Depthwise3x3Run& run) {
  const DepthwiseLanes& lanes = run.lanes;
  if (lanes.clamp_min == 0 && lanes.clamp_max == UINT8_MAX && lanes.out_flip == 0) {
    return run_windows<kOutputs, kStride, Unsigned, AnyByte>(run);
  }
  run_windows<kOutputs, kStride, Unsigned, ByteLimits>(run);
}

template <int kOutputs, int kStride>
void run_type(const Depthwise3x3Run& run) {
  if (run.flip == 0) return run_limits<kOutputs, kStride, Same>(run);
  run_limits<kOutputs, kStride, Flipped>(run);
}

template <int kOutputs>
void run_stride(const Depthwise3x3Run& run) {
  if (run.stride == 1) return run_type<kOutputs, 1>(run);
  run_type<kOutputs, 2>(run);
}

}  // namespace

void depthwise_3x3_x86_avx512vnni(const Depthwise3x3Run& run) {
  if (run.outputs == 1) return run_stride<1>(run);
  if (run.outputs == 2) return run_stride<2>(run);
  run_stride<4>(run);
}

}  // namespace octavo
