// Tiles of 16 rows and 16 columns. The integer sums of a block come out of AMX tiles through
// memory; the float sums stay in registers, where AVX-512 adds each block's.
//
// The nearest bound of short blocks is that addition: while tiles are in use, Emerald Rapids
// converts and multiplies 512-bit vectors of floats on one port instead of two (measured; plain
// additions and shuffles keep both), so that the 48 operations of a block's 16 rows take 48 cycles
// of 57.
#include <immintrin.h>

#include "block_gemm/expanded_tile.h"
#include "block_gemm/kernels/row_steps.h"
#include "cpu/tile_shapes.h"

// clang before 16 writes no second underscore.
#if !(defined(__AMX_INT8__) || defined(__AMXINT8__)) || !defined(__AVX512BW__)
#error "compile this file with AMX-INT8 and AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

constexpr size_t kTileQuads = 16;

// Tile registers: the sums of two blocks, then pairs of lhs and weights: as deep as a tile goes, as
// the rest of a block, and as the rest of the last block. In `shapes`, the caller's: compilers
// write some of their own with vectors, as if they spilled.
__attribute__((noinline)) void configure(TileShapes* shapes, size_t rows, size_t block_quads,
                                         size_t last_quads) {
  const size_t quads[] = {kTileQuads, block_quads % kTileQuads, last_quads % kTileQuads};
  *shapes = kNoTiles;
  for (int sums = 0; sums < 2; ++sums) set_tile(shapes, sums, rows, kTileBytes);
  for (int pair = 0; pair < 3; ++pair) {
    const int lhs = 2 + 2 * pair, weights = lhs + 1;
    set_tile(shapes, lhs, quads[pair] == 0 ? 0 : rows, 4 * quads[pair]);
    set_tile(shapes, weights, quads[pair], kTileBytes);
  }
  load_shapes(shapes);
}

template <int Sums, int Pair>
OCTAVO_ALWAYS_INLINE void multiply(const uint8_t* lhs, size_t lhs_stride, const uint8_t* weights) {
  if constexpr (Pair == 0) {
    _tile_loadd(2, lhs, lhs_stride);
    _tile_loadd(3, weights, kTileBytes);
    if constexpr (Sums == 0) _tile_dpbssd(0, 2, 3);
    if constexpr (Sums == 1) _tile_dpbssd(1, 2, 3);
  } else if constexpr (Pair == 1) {
    _tile_loadd(4, lhs, lhs_stride);
    _tile_loadd(5, weights, kTileBytes);
    if constexpr (Sums == 0) _tile_dpbssd(0, 4, 5);
    if constexpr (Sums == 1) _tile_dpbssd(1, 4, 5);
  } else {
    _tile_loadd(6, lhs, lhs_stride);
    _tile_loadd(7, weights, kTileBytes);
    if constexpr (Sums == 0) _tile_dpbssd(0, 6, 7);
    if constexpr (Sums == 1) _tile_dpbssd(1, 6, 7);
  }
}

// Where the next block to multiply is, in lhs and in weights, and how many are left.
struct Position {
  const uint8_t* lhs;
  const uint8_t* block;
  size_t left;
};

// Starts the sums of the next block, if there is one.
template <int Sums>
OCTAVO_ALWAYS_INLINE void multiply_block(const ExpandedTile& tile, Position& at) {
  if (at.left == 0) return;
  const bool last = --at.left == 0;
  if constexpr (Sums == 0) _tile_zero(0);
  if constexpr (Sums == 1) _tile_zero(1);
  at.block += kExpandedHeaderBytes;
  size_t quads = last ? tile.last_quads : tile.block_quads;
  for (; quads >= kTileQuads; quads -= kTileQuads) {
    multiply<Sums, 0>(at.lhs, tile.lhs_stride, at.block);
    at.lhs += 4 * kTileQuads;
    at.block += kTileQuads * kTileBytes;
  }
  if (quads == 0) return;
  if (last) {
    multiply<Sums, 2>(at.lhs, tile.lhs_stride, at.block);
  } else {
    multiply<Sums, 1>(at.lhs, tile.lhs_stride, at.block);
  }
  at.lhs += 4 * quads;
  at.block += quads * kTileBytes;
}

// Takes the sums of a block out of their tile: scaled, they are added to `out`.
template <int Sums, int Rows>
OCTAVO_ALWAYS_INLINE void add_block(__m512 (&out)[Rows], int32_t* sums, const uint8_t* block,
                                    const float* lhs_scale, size_t stride) {
  const __m512 scales = _mm512_loadu_ps(reinterpret_cast<const float*>(block));
  if constexpr (Sums == 0) _tile_stored(0, sums, kTileBytes);
  if constexpr (Sums == 1) _tile_stored(1, sums, kTileBytes);
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
    const __m512 sum = _mm512_cvtepi32_ps(_mm512_load_si512(sums + i * kBlockColumns));
    out[i] = _mm512_fmadd_ps(sum, _mm512_mul_ps(scales, _mm512_set1_ps(*lhs_scale)), out[i]);
    lhs_scale = next_row(lhs_scale, stride);
  }
}

// The products of a block are under way while the sums of the block before it are added: their
// latency would take longer than either.
template <int Rows>
__attribute__((noinline)) void run_tile(const ExpandedTile& tile, size_t row, size_t panel,
                                        int32_t* sums) {
  const size_t width = tile.panels * kBlockColumns;
  const float* from = tile.sums + row * width + panel * kBlockColumns;
  __m512 out[Rows];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i, from = next_row(from, width)) {
    out[i] = tile.first ? _mm512_setzero_ps() : _mm512_load_ps(from);
  }
  float* const first = tile.out + row * tile.out_stride + panel * kBlockColumns;
  float* to = first;
#pragma GCC unroll 1
  for (int i = 0; i < Rows; ++i, to += tile.out_stride) __builtin_prefetch(to, 1);
  const size_t block_bytes = kExpandedHeaderBytes + tile.block_quads * kTileBytes;
  const float* lhs_scale = tile.lhs_scales + row * tile.block_stride;
  const float* const end = lhs_scale + tile.blocks;
  const uint8_t* block = tile.panel + panel * tile.panel_stride;
  Position at{tile.lhs + row * tile.lhs_stride, block, tile.blocks};
  multiply_block<0>(tile, at);
  for (; lhs_scale != end; ++lhs_scale, block += block_bytes) {
    multiply_block<1>(tile, at);
    add_block<0, Rows>(out, sums, block, lhs_scale, tile.block_stride);
    if (++lhs_scale == end) break;
    block += block_bytes;
    multiply_block<0>(tile, at);
    add_block<1, Rows>(out, sums, block, lhs_scale, tile.block_stride);
  }
  to = first;
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i, to = next_row(to, tile.out_stride)) _mm512_storeu_ps(to, out[i]);
}

template <int Rows>
void run_rows(const ExpandedTile& tile, size_t row, size_t rows, size_t panel, int32_t* sums) {
  if constexpr (Rows > 1) {
    if (rows < Rows) return run_rows<Rows - 1>(tile, row, rows, panel, sums);
  }
  run_tile<Rows>(tile, row, panel, sums);
}

}  // namespace

// Tiles of nearly equal height, the lower ones first: these multiply one row of the next tile too,
// so that all have one configuration.
void expanded_gemm_x86_amxint8(const ExpandedTile& tile) {
  const size_t tiles = (tile.rows + kTileRows - 1) / kTileRows;
  const size_t height = tile.rows / tiles, lower = tiles - tile.rows % tiles;
  alignas(64) int32_t sums[kTileRows * kBlockColumns];
  TileShapes shapes;
  configure(&shapes, height + (lower == tiles ? 0 : 1), tile.block_quads, tile.last_quads);
  for (size_t index = 0, row = 0; index < tiles; ++index) {
    const size_t rows = height + (index < lower ? 0 : 1);
    for (size_t panel = 0; panel < tile.panels; ++panel) {
      run_rows<kTileRows>(tile, row, rows, panel, sums);
    }
    row += rows;
  }
  _tile_release();
}

}  // namespace octavo
