// A window's sums are made while its columns stay in registers, so that a pixel is read once for each
// row of outputs. What limits it are the two ports of Intel's cores for 512 bits: of some 50
// instructions for 64 outputs they execute 8 for each column, 12 products and 20 that make bytes.
#include "conv/depthwise_3x3_kernel.h"
#include "conv/kernels/depthwise_vectors_x86_avx512.h"

#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__)
#error "compile this file with AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

// Reads one column after another. Weights of the fourth row are 0, so it may hold anything.
template <typename Load>
struct Columns {
  explicit Columns(const Depthwise3x3Run& run)
      : a(run.rows[0]), b(run.rows[1]), c(run.rows[2]),
        a_step(run.steps[0]), b_step(run.steps[1]), c_step(run.steps[2]),
        padding(run.padding), at(0 - run.left), width(run.width), load(run.flip) {}

  __attribute__((always_inline)) QuadColumn next() {
    if (at++ >= width) {
      const __m512i bytes = load(padding);
      return interleave_vectors(bytes, bytes, bytes, bytes);
    }
    const __m512i last = load(c);
    const QuadColumn column = interleave_vectors(load(a), load(b), last, last);
    a += a_step;
    b += b_step;
    c += c_step;
    return column;
  }

  const uint8_t *a, *b, *c;
  size_t a_step, b_step, c_step;
  const uint8_t* padding;
  size_t at;  // wraps around below 0
  size_t width;
  Load load;
};

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
template <int kStride, typename Load>
void run_windows(const Depthwise3x3Run& run) {
  const Requantizer<true> requantize(run.lanes);
  const QuadColumn first = load_weights(run.weights);
  const QuadColumn second = load_weights(run.weights + kDepthwiseQuadColumn);
  Columns<Load> columns(run);
  QuadColumn window[3];
  window[0] = columns.next();
  if (kStride == 1) window[1] = columns.next();
  uint8_t* out = run.out;
  for (size_t left = run.count; left > 0; --left, out += run.out_stride) {
    __m512i acc[4];
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) acc[q] = _mm512_load_si512(run.lanes.bias + 16 * q);
    add(acc, window[0], first);
    if (kStride == 2) window[1] = columns.next();
    add(acc, window[1], second);
    window[2] = columns.next();
    add(acc, window[2], load_weights(run.weights + 2 * kDepthwiseQuadColumn));
    _mm512_storeu_si512(out, requantize(acc));
    window[0] = window[kStride];
    if (kStride == 1) window[1] = window[2];
  }
}

template <typename Load>
void run_stride(const Depthwise3x3Run& run) {
  if (run.stride == 1) return run_windows<1, Load>(run);
  run_windows<2, Load>(run);
}

}  // namespace

void depthwise_3x3_x86_avx512vnni(const Depthwise3x3Run& run) {
  if (run.flip == 0) return run_stride<Same>(run);
  run_stride<Flipped>(run);
}

}  // namespace octavo
