// Tiles of 4 rows and 48 columns: their integer sums and their float sums stay in registers.
// vpdpbusd adds four products of unsigned bytes, those of lhs, and signed ones to each column.
#include <immintrin.h>

#include "block_gemm/expanded_tile.h"
#include "block_gemm/kernels/row_steps.h"

#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "compile this file with AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

constexpr size_t kTileRows = 4;

template <int Rows, int Panels>
OCTAVO_ALWAYS_INLINE void multiply_quad(__m512i (&sums)[Rows][Panels], const uint8_t* weights,
                                        size_t panel_stride, const uint8_t* lhs,
                                        size_t lhs_stride) {
  __m512i w[Panels];
#pragma GCC unroll 3
  for (int j = 0; j < Panels; ++j) w[j] = _mm512_loadu_si512(weights + j * panel_stride);
#pragma GCC unroll 4
  for (int i = 0; i < Rows; ++i) {
    __m512i quad = broadcast_quad(lhs + i * lhs_stride);
    OCTAVO_KEEP_ORDER(quad);
#pragma GCC unroll 3
    for (int j = 0; j < Panels; ++j) {
      sums[i][j] = _mm512_dpbusd_epi32(sums[i][j], quad, w[j]);
      OCTAVO_KEEP_ORDER(sums[i][j]);
    }
  }
}

// Also asks for the memory that the sums will go to, while there is all the time of a tile.
template <int Rows, int Panels>
OCTAVO_ALWAYS_INLINE void load_sums(const ExpandedTile& tile, size_t row,
                                    __m512 (&sums)[Rows][Panels]) {
  const float* from = tile.sums + row * Panels * kBlockColumns;
  const float* to = tile.out + row * tile.out_stride;
#pragma GCC unroll 4
  for (int i = 0; i < Rows; ++i, to += tile.out_stride) {
#pragma GCC unroll 3
    for (int j = 0; j < Panels; ++j, from += kBlockColumns) {
      sums[i][j] = tile.first ? _mm512_setzero_ps() : _mm512_load_ps(from);
      __builtin_prefetch(to + j * kBlockColumns, 1);
    }
  }
}

// What else a tile does: products leave ports and time for it.
enum class Meanwhile { kNothing, kAsks, kMeasures };

// The products of one block of lhs, from a row of the panel on.
template <int Rows, int Panels>
struct BlockProducts {
  const ExpandedTile& tile;
  __m512i (&sums)[Rows][Panels];
  const uint8_t* panel;
  const uint8_t* lhs;

  OCTAVO_ALWAYS_INLINE void add_quad() {
    multiply_quad<Rows, Panels>(sums, panel, tile.panel_stride, lhs, tile.lhs_stride);
    panel += kBlockRowBytes;
    lhs += 4;
  }

  // Asks for the lines from `ahead` on meanwhile, or not.
  template <Meanwhile What>
  OCTAVO_ALWAYS_INLINE void add_until(const uint8_t* end, const char* ahead) {
#pragma GCC unroll 1
    do {
      if constexpr (What == Meanwhile::kAsks) {
        __builtin_prefetch(ahead, 0, 2);
        ahead += kBlockRowBytes;
      }
      add_quad();
    } while (panel != end);
  }

  // A part of them, while numbers are measured, 16 a row of the panel; those `ahead` are asked for.
  OCTAVO_ALWAYS_INLINE __m512i add_and_measure(const uint8_t* end, const float* x, size_t ahead) {
    __m512i most = _mm512_setzero_si512();
#pragma GCC unroll 1
    do {
      // Without its sign: a mask for it would take a register, and there is none.
      most = _mm512_max_epu32(most, _mm512_slli_epi32(_mm512_loadu_si512(x), 1));
      OCTAVO_KEEP_ORDER(most);
      __builtin_prefetch(x + ahead, 0, 2);
      x += kBlockColumns;
      add_quad();
    } while (panel != end);
    return _mm512_srli_epi32(most, 1);
  }
};

// Products of block `block`, a quarter for each of four rows whose same block is measured. That of
// the rows after these is asked for.
template <int Panels>
OCTAVO_ALWAYS_INLINE void multiply_and_measure(BlockProducts<kTileRows, Panels>& products,
                                               const float* x, int32_t (*found)[kBlockColumns]) {
  const ExpandedTile& tile = products.tile;
#pragma GCC unroll 1
  for (size_t i = 0; i < kTileRows; ++i) {
    const uint8_t* const end = products.panel + tile.block_quads / kTileRows * kBlockRowBytes;
    const __m512i most = products.add_and_measure(end, x, kTileRows * tile.next_stride);
    _mm512_storeu_si512(*found, most);
    found = next_row(found, tile.block_stride);
    x = next_row(x, tile.next_stride);
  }
}

template <int Rows, int Panels, Meanwhile What>
__attribute__((noinline)) void run_tile(const ExpandedTile& tile, size_t row, const char* ahead) {
  __m512 out[Rows][Panels];
  load_sums(tile, row, out);
  const uint8_t* panel = tile.panel;
  const uint8_t* lhs = tile.lhs + row * tile.lhs_stride;
  const float* lhs_scales = tile.lhs_scales + row * tile.block_stride;
  for (size_t left = tile.blocks; left != 0; --left, ++lhs_scales) {
    const uint8_t* const header = panel;
    __m512i sums[Rows][Panels];
#pragma GCC unroll 3
    for (int j = 0; j < Panels; ++j) {
      const __m512i start = _mm512_loadu_si512(header + j * tile.panel_stride + kBlockRowBytes);
#pragma GCC unroll 4
      for (int i = 0; i < Rows; ++i) {
        sums[i][j] = start;
        OCTAVO_KEEP_ORDER(sums[i][j]);
      }
    }
    panel += kExpandedHeaderBytes;
    const size_t quads = left == 1 ? tile.last_quads : tile.block_quads;
    BlockProducts<Rows, Panels> products{tile, sums, panel, lhs};
    if constexpr (What == Meanwhile::kMeasures) {
      const size_t block = tile.blocks - left;
      multiply_and_measure<Panels>(
          products, tile.next + row * tile.next_stride + block * tile.block_quads * 4,
          tile.found + row * tile.block_stride + block);
    } else {
      products.template add_until<What>(panel + quads * kBlockRowBytes, ahead);
      if constexpr (What == Meanwhile::kAsks) ahead += quads * kBlockRowBytes;
    }
    panel = products.panel;
    lhs = products.lhs;
    const float* lhs_scale = lhs_scales;
#pragma GCC unroll 4
    for (int i = 0; i < Rows; ++i, lhs_scale = next_row(lhs_scale, tile.block_stride)) {
      __m512 row_scale = _mm512_set1_ps(*lhs_scale);
      OCTAVO_KEEP_ORDER(row_scale);
#pragma GCC unroll 3
      for (int j = 0; j < Panels; ++j) {
        const __m512 scale =
            _mm512_loadu_ps(reinterpret_cast<const float*>(header + j * tile.panel_stride));
        out[i][j] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[i][j]),
                                    _mm512_mul_ps(scale, row_scale), out[i][j]);
        OCTAVO_KEEP_ORDER(out[i][j]);
      }
    }
  }
  float* to = tile.out + row * tile.out_stride;
#pragma GCC unroll 4
  for (int i = 0; i < Rows; ++i, to += tile.out_stride) {
#pragma GCC unroll 3
    for (int j = 0; j < Panels; ++j) _mm512_storeu_ps(to + j * kBlockColumns, out[i][j]);
  }
}

// What a tile asks for, after those before it, if anything is left.
const char* ahead_of(const ExpandedTile& tile, size_t index) {
  const size_t quads = (tile.blocks - 1) * tile.block_quads + tile.last_quads;
  const size_t begin = index * quads * kBlockRowBytes;
  return begin < tile.ahead_bytes ? static_cast<const char*>(tile.ahead) + begin : nullptr;
}

template <int Rows, int Panels>
OCTAVO_ALWAYS_INLINE void run_rows(const ExpandedTile& tile, size_t row, size_t rows,
                                   const char* ahead) {
  if constexpr (Rows > 1) {
    if (rows < Rows) return run_rows<Rows - 1, Panels>(tile, row, rows, ahead);
  }
  if constexpr (Rows == kTileRows) {
    if (tile.next != nullptr) {
      return run_tile<Rows, Panels, Meanwhile::kMeasures>(tile, row, nullptr);
    }
  }
  if (ahead != nullptr) return run_tile<Rows, Panels, Meanwhile::kAsks>(tile, row, ahead);
  run_tile<Rows, Panels, Meanwhile::kNothing>(tile, row, nullptr);
}

// Tiles of nearly equal height: a last tile of one row would run at a fraction of the speed.
template <int Panels>
void run_panels(const ExpandedTile& tile) {
  const size_t tiles = (tile.rows + kTileRows - 1) / kTileRows;
  const size_t height = tile.rows / tiles, taller = tile.rows % tiles;
  for (size_t index = 0, row = 0; index < tiles; ++index) {
    const size_t rows = height + (index < taller ? 1 : 0);
    run_rows<kTileRows, Panels>(tile, row, rows, ahead_of(tile, index));
    row += rows;
  }
}

}  // namespace

void expanded_gemm_x86_avx512vnni(const ExpandedTile& tile) {
  if (tile.panels == 1) return run_panels<1>(tile);
  if (tile.panels == 2) return run_panels<2>(tile);
  run_panels<3>(tile);
}

}  // namespace octavo
