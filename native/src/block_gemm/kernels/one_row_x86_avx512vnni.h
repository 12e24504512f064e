// One row of lhs with a group of panels: there is more to read than to multiply, so what decides is
// how many lines the processor has under way at once. Few instructions a line let it look ahead
// further, and its own prefetching is quickest where nothing but the stream itself asks for lines.
// Everything has internal linkage: it is compiled once for each kernel file.
#ifndef OCTAVO_SRC_BLOCK_GEMM_KERNELS_ONE_ROW_X86_AVX512VNNI_H_
#define OCTAVO_SRC_BLOCK_GEMM_KERNELS_ONE_ROW_X86_AVX512VNNI_H_

#include <immintrin.h>

#include "block_gemm/block_tile.h"
#include "block_gemm/kernels/load_scales.h"
#include "block_gemm/kernels/row_steps.h"

namespace octavo {
namespace {

// Rows of 64 bytes that are summed up together: products of the highest numbers of each byte, left
// where they are (240 * 127 * 4 a row at most), stay below 2^31.
constexpr size_t kMostRowsTogether = 16384;

// Number `Plane` of each byte, times 2^(Plane * Bits).
template <int Bits, int Plane>
OCTAVO_ALWAYS_INLINE __m512i plane_in_place(__m512i packed) {
  if constexpr (Bits == 8) return packed;
  constexpr int kMask = ((1 << Bits) - 1) << (Plane * Bits);
  return _mm512_and_si512(packed, _mm512_set1_epi8(static_cast<char>(kMask)));
}

// gcc broadcasts `quad` in an instruction of its own.
OCTAVO_ALWAYS_INLINE void add_products(__m512i& sum, __m512i weights, const uint8_t* quad) {
#ifdef OCTAVO_EMULATE
  sum = _mm512_dpbusd_epi32(sum, weights, broadcast_quad(quad));
#else
  __asm__("vpdpbusd %2%{1to16%}, %1, %0"
          : "+v"(sum)
          : "v"(weights), "m"(*reinterpret_cast<const uint8_t(*)[4]>(quad)));
#endif
}

template <int Bits, int Plane = 0>
OCTAVO_ALWAYS_INLINE void add_planes(__m512i (&sums)[8 / Bits], __m512i packed,
                                     const uint8_t* lhs) {
  add_products(sums[Plane], plane_in_place<Bits, Plane>(packed), lhs + 4 * Plane);
  if constexpr (Plane + 1 < 8 / Bits) add_planes<Bits, Plane + 1>(sums, packed, lhs);
}

// Compilers load it again for each plane.
OCTAVO_ALWAYS_INLINE __m512i load_row(const uint8_t* panel) {
  __m512i packed = _mm512_loadu_si512(panel);
  OCTAVO_KEEP_ORDER(packed);
  return packed;
}

// `start` and the products of at most kMostRowsTogether rows, which it goes past. Every other row
// has sums of its own, or the multipliers would wait for each other's.
template <int Bits>
OCTAVO_ALWAYS_INLINE __m512i sum_rows(__m512i start, const uint8_t*& panel, size_t count,
                                      const uint8_t*& lhs) {
  constexpr int kPlanes = 8 / Bits;
  constexpr size_t kDepth = 4 * kPlanes;
  __m512i even[kPlanes], odd[kPlanes];
#pragma GCC unroll 4
  for (int plane = 0; plane < kPlanes; ++plane) {
    even[plane] = plane == 0 ? start : _mm512_setzero_si512();
    odd[plane] = _mm512_setzero_si512();
  }
  const uint8_t* const end = panel + count / 2 * 2 * kBlockRowBytes;
#pragma GCC unroll 1
  for (; panel != end; panel += 2 * kBlockRowBytes, lhs += 2 * kDepth) {
    add_planes<Bits>(even, load_row(panel), lhs);
    add_planes<Bits>(odd, load_row(panel + kBlockRowBytes), lhs + kDepth);
  }
  if (count % 2 != 0) {
    add_planes<Bits>(even, load_row(panel), lhs);
    panel += kBlockRowBytes;
    lhs += kDepth;
  }
  __m512i sum = _mm512_add_epi32(even[0], odd[0]);
#pragma GCC unroll 3
  for (int plane = 1; plane < kPlanes; ++plane) {
    const __m512i in_place = _mm512_add_epi32(even[plane], odd[plane]);
    sum = _mm512_add_epi32(sum, _mm512_srai_epi32(in_place, plane * Bits));
  }
  return sum;
}

template <int Bits>
OCTAVO_ALWAYS_INLINE __m512i sum_block(__m512i sum, const uint8_t*& panel, size_t rows,
                                       const uint8_t* lhs) {
  while (rows > kMostRowsTogether) [[unlikely]] {
    sum = sum_rows<Bits>(sum, panel, kMostRowsTogether, lhs);
    rows -= kMostRowsTogether;
  }
  return sum_rows<Bits>(sum, panel, rows, lhs);
}

// Adds the products of a block of a panel, which it goes past, to `out`.
template <int Bits>
OCTAVO_ALWAYS_INLINE void add_block(const BlockTile& tile, size_t block, size_t rows,
                                    const uint8_t*& at, const uint8_t* lhs, __m512& out) {
  // Before the rows behind it: lines are asked for in their order.
  __m512 scales = load_scales(tile.shape, at);
  OCTAVO_KEEP_ORDER(scales);
  __m512i sum = _mm512_set1_epi32(tile.lhs_offsets[block]);
  at += tile.shape.header_bytes;
  if (tile.shape.has_zero_points) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at - kBlockColumns));
    sum = _mm512_mullo_epi32(sum, _mm512_cvtepu8_epi32(bytes));
  }
  sum = sum_block<Bits>(sum, at, rows, lhs);
  const __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(tile.lhs_scales[block]));
  out = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, out);
  // Compilers that put off the sums of one panel for the next run out of registers.
  OCTAVO_KEEP_ORDER(out);
}

template <int Bits, int Panels>
__attribute__((noinline)) void run_panels(const BlockTile& tile) {
  const BlockShape& shape = tile.shape;
  const uint8_t* at = tile.group;
  const uint8_t* lhs = tile.lhs;
  __m512 out[Panels];
#pragma GCC unroll 4
  for (__m512& sums : out) sums = _mm512_setzero_ps();
  for (size_t block = 0; block < shape.blocks; ++block) {
    const size_t rows = block + 1 == shape.blocks ? shape.last_rows : shape.block_rows;
#pragma GCC unroll 4
    for (__m512& sums : out) add_block<Bits>(tile, block, rows, at, lhs, sums);
    lhs += rows * 32 / Bits;
  }
#pragma GCC unroll 4
  for (int i = 0; i < Panels; ++i) _mm512_store_ps(tile.out + i * kBlockColumns, out[i]);
}

template <int Bits, int Panels = static_cast<int>(kMaxGroupPanels)>
OCTAVO_ALWAYS_INLINE void run_one_row(const BlockTile& tile) {
  if constexpr (Panels > 1) {
    if (tile.panels < Panels) return run_one_row<Bits, Panels - 1>(tile);
  }
  run_panels<Bits, Panels>(tile);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_KERNELS_ONE_ROW_X86_AVX512VNNI_H_
