// vpdpbusd adds the four products of a quad to each of 16 int32 lanes: one instruction for up to
// four taps of 16 channels. Sums become bytes without leaving registers.
#include <string.h>

#include "conv/depthwise_3x3_kernel.h"
#include "conv/kernels/depthwise_vectors_x86_avx512.h"

#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__)
#error "compile this file with AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

template <typename Copy>
void copy_each(const DepthwiseCopy& pixels, const Copy copy) {
  const size_t from_stride = pixels.from_stride, to_stride = pixels.to_stride;
  const uint8_t* from = pixels.from;
  uint8_t* to = pixels.to;
  for (size_t i = pixels.count; i > 0; --i, from += from_stride, to += to_stride) copy(to, from);
}

void copy(const DepthwiseCopy& pixels) {
  switch (pixels.channels) {
    case 64:
      return copy_each(pixels, [](uint8_t* to, const uint8_t* from) {
        _mm512_storeu_si512(to, _mm512_loadu_si512(from));
      });
    case 32:
      return copy_each(pixels, [](uint8_t* to, const uint8_t* from) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
      });
    case 16:
      return copy_each(pixels, [](uint8_t* to, const uint8_t* from) { memcpy(to, from, 16); });
    case 8:
      return copy_each(pixels, [](uint8_t* to, const uint8_t* from) { memcpy(to, from, 8); });
    default: {
      const __mmask16 some = static_cast<__mmask16>((1u << pixels.channels) - 1u);
      return copy_each(pixels, [some](uint8_t* to, const uint8_t* from) {
        _mm_mask_storeu_epi8(to, some, _mm_maskz_loadu_epi8(some, from));
      });
    }
  }
}

template <typename Unsigned>
void interleave_rows(const DepthwiseQuadRows& rows) {
  const Unsigned to_unsigned(rows.flip);
  const auto load = [&](const uint8_t* bytes) { return to_unsigned(_mm512_loadu_si512(bytes)); };
  const uint8_t *a = rows.rows[0], *b = rows.rows[1], *c = rows.rows[2], *d = rows.rows[3];
  uint8_t* out = rows.out;
  for (size_t i = 0; i < rows.count * kDepthwiseVector; i += kDepthwiseVector) {
    const QuadColumn column =
        interleave_vectors(load(a + i), load(b + i), load(c + i), load(d + i));
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) _mm512_store_si512(out + 4 * i + 64 * q, column.quarters[q]);
  }
}

void interleave(const DepthwiseQuadRows& rows) {
  if (rows.flip == 0) return interleave_rows<Same>(rows);
  interleave_rows<Flipped>(rows);
}

template <int kOutputs>
inline void run_outputs(const DepthwiseQuadRun& run,
                        const Requantizer<false, LowByteLimit>& requantize, const uint8_t* values,
                        uint8_t* out) {
  __m512i acc[kOutputs][4];
#pragma GCC unroll 4
  for (int x = 0; x < kOutputs; ++x) {
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) acc[x][q] = _mm512_load_si512(run.lanes.bias + 16 * q);
  }
  const int8_t* weights = run.weights;
  const uint32_t* offsets = run.offsets;
  for (size_t p = run.quads; p > 0; --p, weights += kDepthwiseQuadColumn, ++offsets) {
    const uint8_t* column = values + *offsets;
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
      const __m512i w = _mm512_load_si512(weights + 64 * q);
#pragma GCC unroll 4
      for (int x = 0; x < kOutputs; ++x) {
        const __m512i quads =
            _mm512_load_si512(column + static_cast<size_t>(x) * kDepthwiseQuadColumn + 64 * q);
        acc[x][q] = _mm512_dpbusd_epi32(acc[x][q], quads, w);
      }
    }
  }
#pragma GCC unroll 4
  for (int x = 0; x < kOutputs; ++x) {
    _mm512_storeu_si512(out + static_cast<size_t>(x) * run.out_stride, requantize(acc[x]));
  }
}

void run_quads(const DepthwiseQuadRun& run) {
  const Requantizer<false, LowByteLimit> requantize(run.lanes);
  const uint8_t* values = run.values;
  uint8_t* out = run.out;
  size_t left = run.count;
  for (; left >= 2; left -= 2, values += 2 * kDepthwiseQuadColumn, out += 2 * run.out_stride) {
    run_outputs<2>(run, requantize, values, out);
  }
  if (left != 0) run_outputs<1>(run, requantize, values, out);
}

}  // namespace

const DepthwiseQuadKernels depthwise_quads_x86_avx512vnni = {copy, interleave, run_quads,
                                                              depthwise_3x3_x86_avx512vnni};

}  // namespace octavo
