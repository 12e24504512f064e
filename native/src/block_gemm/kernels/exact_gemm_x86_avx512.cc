// A permutation of a table makes floats of numbers of up to 4 bits: it reads 4 bits of each lane.
#include <immintrin.h>

#include "base/always_inline.h"
#include "block_gemm/exact_tile.h"
#include "block_gemm/kernels/load_scales.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "compile this file with AVX-512 F, BW, DQ and VL"
#endif

namespace octavo {
namespace {

template <int Bits>
constexpr int kMiddle = 1 << (Bits - 1);
template <int Bits>
constexpr size_t kDepth = 4 * (8 / Bits);  // values of k in a row of 64 bytes

// What separates value i of a row's `kDepth` from the lowest bits of its lanes.
template <int Bits>
constexpr unsigned shift_of(size_t i) {
  return static_cast<unsigned>(8 * (i % 4) + Bits * (i / 4));
}

template <int Bits>
constexpr float entry(int index) {
  return static_cast<float>((index & ((1 << Bits) - 1)) - kMiddle<Bits>);
}

// The lowest bits of each lane as a number, less the middle.
template <int Bits>
OCTAVO_ALWAYS_INLINE __m512 lowest(__m512i lanes) {
  if constexpr (Bits == 8) {
    const __m512i q = _mm512_and_si512(lanes, _mm512_set1_epi32(255));
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(q, _mm512_set1_epi32(kMiddle<Bits>)));
  } else {
    const __m512 table =
        _mm512_setr_ps(entry<Bits>(0), entry<Bits>(1), entry<Bits>(2), entry<Bits>(3),
                       entry<Bits>(4), entry<Bits>(5), entry<Bits>(6), entry<Bits>(7),
                       entry<Bits>(8), entry<Bits>(9), entry<Bits>(10), entry<Bits>(11),
                       entry<Bits>(12), entry<Bits>(13), entry<Bits>(14), entry<Bits>(15));
    return _mm512_permutexvar_ps(lanes, table);
  }
}

// What a block's numbers become floats by.
struct Header {
  __m512 scale;
  __m512 zero_point;  // less the middle
};

template <int Bits, bool ZeroPoints>
OCTAVO_ALWAYS_INLINE Header read_header(const BlockShape& shape, const uint8_t* at) {
  Header header;
  header.scale = load_scales(shape, at);
  header.zero_point = _mm512_setzero_ps();
  if constexpr (ZeroPoints) {
    const auto* bytes =
        reinterpret_cast<const __m128i*>(at + shape.header_bytes - kBlockColumns);
    const __m512i numbers = _mm512_cvtepu8_epi32(_mm_loadu_si128(bytes));
    header.zero_point =
        _mm512_cvtepi32_ps(_mm512_sub_epi32(numbers, _mm512_set1_epi32(kMiddle<Bits>)));
  }
  return header;
}

// The lowest bits of each lane as a weight.
template <int Bits, bool ZeroPoints>
OCTAVO_ALWAYS_INLINE __m512 weight(__m512i lanes, const Header& header) {
  __m512 q = lowest<Bits>(lanes);
  if constexpr (ZeroPoints) q = _mm512_sub_ps(q, header.zero_point);
  return _mm512_mul_ps(q, header.scale);
}

// Sums of few rows are several each, of values of k in turn: an addition waits for the one before.
template <int Rows>
constexpr size_t kTurns = Rows == 1 ? 4 : 2;
template <int Rows>
using Sums = __m512[Rows][kTurns<Rows>];

// Adds what value i of each row of lhs makes of a weight.
template <int Rows>
OCTAVO_ALWAYS_INLINE void add_products(Sums<Rows>& sums, size_t turn, __m512 w,
                                       const float* const (&lhs)[Rows], size_t i) {
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r) {
    sums[r][turn] = _mm512_fmadd_ps(_mm512_set1_ps(lhs[r][i]), w, sums[r][turn]);
  }
}

// Adds the products of one row of 64 bytes.
template <int Bits, bool ZeroPoints, int Rows>
OCTAVO_ALWAYS_INLINE void add_row(Sums<Rows>& sums, const uint8_t* weights, const Header& header,
                                  const float* const (&lhs)[Rows]) {
  const __m512i numbers = _mm512_loadu_si512(weights);
#pragma GCC unroll 16
  for (size_t i = 0; i < kDepth<Bits>; ++i) {
    const __m512 w =
        weight<Bits, ZeroPoints>(_mm512_srli_epi32(numbers, shift_of<Bits>(i)), header);
    add_products<Rows>(sums, i % kTurns<Rows>, w, lhs, i);
  }
}

// Adds those of the first `count` values of k of a row.
template <int Bits, bool ZeroPoints, int Rows>
OCTAVO_ALWAYS_INLINE void add_part(Sums<Rows>& sums, const uint8_t* weights, const Header& header,
                                   const float* const (&lhs)[Rows], size_t count) {
  const __m512i numbers = _mm512_loadu_si512(weights);
#pragma GCC unroll 1
  for (size_t i = 0; i < count; ++i) {
    const __m512i shift = _mm512_set1_epi32(static_cast<int>(shift_of<Bits>(i)));
    const __m512 w = weight<Bits, ZeroPoints>(_mm512_srlv_epi32(numbers, shift), header);
    add_products<Rows>(sums, 0, w, lhs, i);
  }
}

// A panel's sums, from memory and back.
template <int Rows>
OCTAVO_ALWAYS_INLINE void load(Sums<Rows>& sums, const float* from) {
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
    for (size_t turn = 0; turn < kTurns<Rows>; ++turn, from += kBlockColumns) {
      sums[r][turn] = _mm512_load_ps(from);
    }
  }
}

template <int Rows>
OCTAVO_ALWAYS_INLINE void store(const Sums<Rows>& sums, float* to) {
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
    for (size_t turn = 0; turn < kTurns<Rows>; ++turn, to += kBlockColumns) {
      _mm512_store_ps(to, sums[r][turn]);
    }
  }
}

// Values of k in a block: those of whole rows, and the rest.
struct Depth {
  size_t rows;
  size_t rest;
};

// Adds the products of a block of a panel to sums in memory.
template <int Bits, bool ZeroPoints, int Rows>
OCTAVO_ALWAYS_INLINE void add_block(const ExactTile& tile, const uint8_t* panel, Depth depth,
                                    const float* first, float* memory) {
  const BlockShape& shape = tile.shape;
  const Header header = read_header<Bits, ZeroPoints>(shape, panel);
  panel += shape.header_bytes;
  Sums<Rows> sums;
  load<Rows>(sums, memory);
  const float* lhs[Rows];
#pragma GCC unroll 4
  for (int r = 0; r < Rows; ++r) lhs[r] = first + r * tile.lhs_stride;
#pragma GCC unroll 1
  for (size_t i = 0; i < depth.rows; ++i) {
    __builtin_prefetch(panel + kBlockPrefetchBytes);
    add_row<Bits, ZeroPoints, Rows>(sums, panel, header, lhs);
    panel += kBlockRowBytes;
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) lhs[r] += kDepth<Bits>;
  }
  if (depth.rest != 0) add_part<Bits, ZeroPoints, Rows>(sums, panel, header, lhs, depth.rest);
  store<Rows>(sums, memory);
}

// Sums of a panel, from memory, kMaxGroupColumns apart.
template <int Rows>
OCTAVO_ALWAYS_INLINE void finish(const float* memory, float* to) {
  for (int r = 0; r < Rows; ++r, memory += kTurns<Rows> * kBlockColumns) {
    __m512 sum = _mm512_add_ps(_mm512_load_ps(memory), _mm512_load_ps(memory + kBlockColumns));
    if constexpr (kTurns<Rows> == 4) {
      sum = _mm512_add_ps(sum, _mm512_add_ps(_mm512_load_ps(memory + 2 * kBlockColumns),
                                             _mm512_load_ps(memory + 3 * kBlockColumns)));
    }
    _mm512_storeu_ps(to + r * kMaxGroupColumns, sum);
  }
}

template <int Bits, bool ZeroPoints, int Rows>
__attribute__((noinline)) void run(const ExactTile& tile) {
  constexpr size_t kPanelSums = Rows * kTurns<Rows> * kBlockColumns;
  const BlockShape& shape = tile.shape;
  const uint8_t* at = tile.group;
  const float* lhs = tile.lhs;
  for (size_t i = 0; i < tile.panels * kPanelSums; i += kBlockColumns) {
    _mm512_store_ps(tile.partial + i, _mm512_setzero_ps());
  }
  size_t left = tile.k;
  for (size_t block = 0; block < shape.blocks; ++block) {
    const size_t whole = left / kDepth<Bits>;
    const Depth depth = whole < shape.block_rows ? Depth{whole, left % kDepth<Bits>}
                                                 : Depth{shape.block_rows, 0};
    const size_t bytes = shape.block_bytes(depth.rows + (depth.rest == 0 ? 0 : 1));
    for (size_t panel = 0; panel < tile.panels; ++panel, at += bytes) {
      add_block<Bits, ZeroPoints, Rows>(tile, at, depth, lhs, tile.partial + panel * kPanelSums);
    }
    lhs += depth.rows * kDepth<Bits>;
    left -= depth.rows * kDepth<Bits>;
  }
  for (size_t panel = 0; panel < tile.panels; ++panel) {
    finish<Rows>(tile.partial + panel * kPanelSums, tile.sums + panel * kBlockColumns);
  }
}

template <int Bits, bool ZeroPoints, int Rows>
void run_rows(const ExactTile& tile) {
  if constexpr (Rows > 1) {
    if (tile.rows < Rows) return run_rows<Bits, ZeroPoints, Rows - 1>(tile);
  }
  run<Bits, ZeroPoints, Rows>(tile);
}

template <int Bits>
void run_bits(const ExactTile& tile) {
  constexpr int kRows = static_cast<int>(kMaxExactTileRows);
  tile.shape.has_zero_points ? run_rows<Bits, true, kRows>(tile)
                             : run_rows<Bits, false, kRows>(tile);
}

}  // namespace

void exact_gemm_x86_avx512(const ExactTile& tile) {
  if (tile.shape.bits == 2) return run_bits<2>(tile);
  if (tile.shape.bits == 4) return run_bits<4>(tile);
  run_bits<8>(tile);
}

}  // namespace octavo
