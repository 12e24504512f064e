#include <immintrin.h>

#include "base/always_inline.h"
#include "block_gemm/expanded_tile.h"
#include "block_gemm/kernels/load_scales.h"

#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "compile this file with AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

// Each column's zero point in the four bytes of the column.
OCTAVO_ALWAYS_INLINE __m512i zero_points(const BlockShape& shape, const uint8_t* header) {
  if (!shape.has_zero_points) return _mm512_set1_epi8(static_cast<char>(1 << (shape.bits - 1)));
  const uint8_t* bytes = header + shape.header_bytes - kBlockColumns;
  const __m512i columns =
      _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
  return _mm512_mullo_epi32(columns, _mm512_set1_epi32(0x01010101));
}

// Returns the end of the packed block.
template <int Bits>
OCTAVO_ALWAYS_INLINE const uint8_t* expand_block(const BlockShape& shape, const uint8_t* from,
                                                 size_t rows, size_t ahead,
                                                 uint8_t* to) {
  constexpr int kPlanes = 8 / Bits;
  const __m512i low = _mm512_set1_epi8(static_cast<char>((1 << Bits) - 1));
  const __m512i ones = _mm512_set1_epi8(1);
  uint8_t* const header = to;
  const __m512i middle = zero_points(shape, from);
  _mm512_storeu_ps(reinterpret_cast<float*>(header), load_scales(shape, from));
  from += shape.header_bytes;
  to += kExpandedHeaderBytes;
  __m512i sum = _mm512_setzero_si512();
  for (size_t row = 0; row < rows; ++row, from += kBlockRowBytes) {
    __builtin_prefetch(from + ahead);
    const __m512i packed = _mm512_loadu_si512(from);
#pragma GCC unroll 4
    for (int plane = 0; plane < kPlanes; ++plane, to += kBlockRowBytes) {
      const __m512i shifted = plane == 0 ? packed : _mm512_srli_epi16(packed, plane * Bits);
      const __m512i number = Bits == 8 ? shifted : _mm512_and_si512(shifted, low);
      const __m512i weights = _mm512_sub_epi8(number, middle);
      _mm512_storeu_si512(to, weights);
      sum = _mm512_dpbusd_epi32(sum, ones, weights);
    }
  }
  const __m512i starts = _mm512_slli_epi32(_mm512_sub_epi32(_mm512_setzero_si512(), sum), 7);
  _mm512_storeu_si512(header + kBlockRowBytes, starts);
  return from;
}

template <int Bits>
void expand(const PanelExpansion& panels) {
  const BlockShape& shape = panels.shape;
  const size_t ahead = panels.ahead;
  uint8_t* to = panels.expanded;
  for (size_t block = 0; block < shape.blocks; ++block) {
    const bool last = block + 1 == shape.blocks;
    const uint8_t* from = last ? panels.last : panels.packed + block * panels.block_step;
    const size_t rows = last ? shape.last_rows : shape.block_rows;
    for (size_t panel = 0; panel < panels.panels; ++panel) {
      from = expand_block<Bits>(shape, from, rows, ahead, to + panel * panels.panel_stride);
    }
    to += kExpandedHeaderBytes + rows * (8 / Bits) * kBlockRowBytes;
  }
}

}  // namespace

void expand_blocks_x86_avx512vnni(const PanelExpansion& panel) {
  if (panel.shape.bits == 2) return expand<2>(panel);
  if (panel.shape.bits == 4) return expand<4>(panel);
  expand<8>(panel);
}

}  // namespace octavo
