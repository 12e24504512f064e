// Blocks of rows that are quantized 16 together: their scales are the lanes of one vector.
// Quotients are those of division, without one: a vector of them takes longer than all the rest.
// Everything has internal linkage: it is compiled once for each kernel.
#ifndef OCTAVO_SRC_BLOCK_GEMM_KERNELS_SIXTEEN_BLOCKS_H_
#define OCTAVO_SRC_BLOCK_GEMM_KERNELS_SIXTEEN_BLOCKS_H_

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/always_inline.h"
#include "block_gemm/kernels/row_steps.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "compile this file with AVX-512 F, BW, DQ and VL"
#endif

namespace octavo {
namespace {

constexpr size_t kLanes = 16;
// Most blocks are as long: one whose length the compiler knows has no loop.
constexpr size_t kUsualSize = 32;
constexpr int32_t kInfinity = 0x7F800000;
// Between these, all that matters on the way to a quotient is a normal number.
constexpr float kLeastExactScale = 0x1p-60f, kGreatestExactScale = 0x1p60f;

// What passes through memory on its way between the blocks and the lanes of vectors.
struct Blocks {
  alignas(64) int32_t partial[kLanes][kLanes];  // of each block, 16 parts of its maximum or its sum
  alignas(64) float scales[kLanes];
  alignas(64) float inverses[kLanes];
  alignas(64) float rests[kLanes];  // of the inverses, what their rounding took
  unsigned used, exact;  // bits of blocks that are there, and whose quotients `Exact` gets right
};

OCTAVO_ALWAYS_INLINE __mmask16 first_lanes(size_t count) {
  return static_cast<__mmask16>(count < kLanes ? (1u << count) - 1u : 0xFFFFu);
}

OCTAVO_ALWAYS_INLINE __m512i highest(__m512i a, __m512i b) { return _mm512_max_epi32(a, b); }
OCTAVO_ALWAYS_INLINE __m512i sum(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }

// Combines the parts of each of `Count` blocks, until 16 / Count of each are left; of 16 blocks, in
// order.
template <size_t Count, __m512i Combine(__m512i, __m512i)>
OCTAVO_ALWAYS_INLINE __m512i reduce(const int32_t (*partial)[kLanes]) {
  if constexpr (Count == 1) {
    return _mm512_loadu_si512(*partial);
  } else {
    const __m512i a = reduce<Count / 2, Combine>(partial);
    const __m512i b = reduce<Count / 2, Combine>(partial + Count / 2);
    if constexpr (Count == 2) {
      return Combine(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    } else if constexpr (Count == 4) {
      return Combine(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    } else {
      return Combine(_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xDD));
    }
  }
}

// Bits of magnitudes order like the numbers, infinity and NaNs last.
OCTAVO_ALWAYS_INLINE __m512i highest_magnitudes(const float* x, size_t count) {
  const __m512i magnitude = _mm512_set1_epi32(INT32_MAX);
  __m512i most = _mm512_setzero_si512();
  size_t i = 0;
#pragma GCC unroll 2
  for (; i + kLanes <= count; i += kLanes) {
    const __m512i bits = _mm512_castps_si512(_mm512_loadu_ps(x + i));
    most = highest(most, _mm512_and_si512(bits, magnitude));
  }
  if (i == count) return most;
  const __m512 rest = _mm512_maskz_loadu_ps(first_lanes(count - i), x + i);
  return highest(most, _mm512_and_si512(_mm512_castps_si512(rest), magnitude));
}

// Writes the scales of blocks. Returns those whose quotients `Exact` gets right.
OCTAVO_ALWAYS_INLINE __mmask16 find_scales(Blocks& blocks, const int32_t (*partial)[kLanes]) {
  const __m512i bits = reduce<kLanes, highest>(partial);
  const __mmask16 finite = _mm512_cmpgt_epi32_mask(_mm512_set1_epi32(kInfinity), bits);
  const __m512 most = _mm512_mask_blend_ps(finite, _mm512_set1_ps(__builtin_nanf("")),
                                           _mm512_castsi512_ps(bits));
  const __m512 scales = _mm512_div_ps(most, _mm512_set1_ps(127));
  _mm512_store_ps(blocks.scales, scales);
  const __m512 one = _mm512_set1_ps(1), inverses = _mm512_div_ps(one, scales);
  _mm512_store_ps(blocks.inverses, inverses);
  _mm512_store_ps(blocks.rests, _mm512_div_ps(_mm512_fnmadd_ps(inverses, scales, one), scales));
  const __mmask16 large = _mm512_cmp_ps_mask(scales, _mm512_set1_ps(kLeastExactScale), _CMP_GE_OQ);
  const __mmask16 small =
      _mm512_cmp_ps_mask(scales, _mm512_set1_ps(kGreatestExactScale), _CMP_LE_OQ);
  return static_cast<__mmask16>(large & small);
}

// Of `count` blocks that have been measured.
OCTAVO_ALWAYS_INLINE void finish_scales(Blocks& blocks, size_t count, float* scales) {
  blocks.used = first_lanes(count);
  for (; count < kLanes; ++count) {
    _mm512_store_si512(blocks.partial[count], _mm512_setzero_si512());
    __asm__ volatile("" ::: "memory");  // or a few stores become a slow `rep stos`
  }
  blocks.exact = find_scales(blocks, blocks.partial);
  _mm512_mask_storeu_ps(scales, static_cast<__mmask16>(blocks.used),
                        _mm512_load_ps(blocks.scales));
}

// The inverse is kept to twice the digits, so that what is rounded to a float once is off by less
// than 2^-47 of it, and then rounds to the integer that the quotient as division rounds it does (N.
// Brisebarre, J.-M. Muller, S. K. Raina, "Accelerating Correctly Rounded Floating-Point Division
// When the Divisor Is Known in Advance", 2004). Nothing else can be where quotients pass 127.5 no
// more than by rounding: all digits of a scale were tried with the nine numbers about each tie.
struct Exact {
  OCTAVO_ALWAYS_INLINE Exact(const Blocks& blocks, size_t block)
      : inverse(_mm512_set1_ps(blocks.inverses[block])),
        rest(_mm512_set1_ps(blocks.rests[block])) {}

  OCTAVO_ALWAYS_INLINE __m512i operator()(__m512 x) const {
    OCTAVO_KEEP_ORDER(x);
    return _mm512_cvtps_epi32(_mm512_fmadd_ps(x, inverse, _mm512_mul_ps(x, rest)));
  }

  __m512 inverse, rest;
};

// A scale that is not normal may be so far from amax / 127 that quotients pass the range; one that
// is 0 or NaN gives zeros.
struct Divided {
  OCTAVO_ALWAYS_INLINE Divided(const Blocks& blocks, size_t block)
      : scale(_mm512_set1_ps(blocks.scales[block])),
        positive(_mm512_cmp_ps_mask(scale, _mm512_setzero_ps(), _CMP_GT_OQ)) {}

  OCTAVO_ALWAYS_INLINE __m512i operator()(__m512 x) const {
    const __m512i quotient = _mm512_maskz_cvtps_epi32(positive, _mm512_div_ps(x, scale));
    return _mm512_min_epi32(_mm512_set1_epi32(127),
                            _mm512_max_epi32(_mm512_set1_epi32(-127), quotient));
  }

  __m512 scale;
  __mmask16 positive;
};

// The low byte of each lane.
OCTAVO_ALWAYS_INLINE __m128i bytes_of(__m512i values, uint8_t flip) {
  return _mm_xor_si128(_mm512_cvtepi32_epi8(values), _mm_set1_epi8(static_cast<char>(flip)));
}

// Returns the sums of what it writes, lane by lane, if they are asked for.
template <bool Sums, typename Quotient>
OCTAVO_ALWAYS_INLINE __m512i quantize_numbers(const Quotient& quotient, const float* x,
                                              size_t count, int8_t* q, uint8_t flip) {
  __m512i sums = _mm512_setzero_si512();
  size_t i = 0;
#pragma GCC unroll 2
  for (; i + kLanes <= count; i += kLanes) {
    const __m512i values = quotient(_mm512_loadu_ps(x + i));
    if constexpr (Sums) sums = sum(sums, values);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(q + i), bytes_of(values, flip));
  }
  if (i == count) return sums;
  const __mmask16 some = first_lanes(count - i);
  const __m512i values = quotient(_mm512_maskz_loadu_ps(some, x + i));
  _mm_mask_storeu_epi8(q + i, some, bytes_of(values, flip));
  return sum(sums, values);
}

template <bool Sums>
OCTAVO_ALWAYS_INLINE __m512i quantize_block(const Blocks& blocks, size_t block, bool exact,
                                            const float* x, size_t count, int8_t* q,
                                            uint8_t flip) {
  if (!exact) return quantize_numbers<Sums>(Divided(blocks, block), x, count, q, flip);
  const Exact quotient(blocks, block);
  if (count == kUsualSize) return quantize_numbers<Sums>(quotient, x, kUsualSize, q, flip);
  return quantize_numbers<Sums>(quotient, x, count, q, flip);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_KERNELS_SIXTEEN_BLOCKS_H_
