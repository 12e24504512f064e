// tdpbusd multiplies a tile of 16 rows x 64 k by one of 16 groups of four k x 16 columns, which is
// how the panels of the AVX-512 VNNI kernel lie in memory, and adds the products to a tile of 16 x
// 16 sums. Two tiles of rows by two of columns use each tile that is loaded twice.
#include <immintrin.h>

#include "cpu/tile_shapes.h"
#include "gemm/microkernel.h"

// clang before 16 writes no second underscore.
#if !(defined(__AMX_INT8__) || defined(__AMXINT8__)) || !defined(__AVX512VNNI__) || \
    !defined(__AVX512BW__)
#error "compile this file with AMX-INT8 and AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

constexpr size_t kTileColumns = 16;
// What tiles gain on so few rows is less than what their configuration costs.
constexpr size_t kVectorRows = 3;

struct Lhs {
  const uint8_t* upper;
  const uint8_t* lower;
  size_t stride;
};

// K in steps of 64. What is left over is the last 64 k again, of which the rows have zeros in the
// place of those that were multiplied before: so no tile reaches beyond the panel.
struct Depth {
  size_t steps;
  size_t step_bytes;    // of a row; less than 64 where K is
  size_t last_groups;   // the first group of the last step, if there is one
  bool has_last;
  Lhs last;
};

template <bool kLower, bool kRight>
__attribute__((always_inline)) inline void step(const Lhs& lhs, const int8_t* weights,
                                                size_t stride) {
  _tile_loadd(6, weights, stride);
  _tile_loadd(4, lhs.upper, lhs.stride);
  _tile_dpbusd(0, 4, 6);
  if constexpr (kRight) {
    _tile_loadd(7, weights + kTileBytes, stride);
    _tile_dpbusd(1, 4, 7);
  }
  if constexpr (kLower) {
    _tile_loadd(5, lhs.lower, lhs.stride);
    _tile_dpbusd(2, 5, 6);
    if constexpr (kRight) _tile_dpbusd(3, 5, 7);
  }
}

template <bool kLower, bool kRight>
__attribute__((always_inline)) inline void load_sums(const int32_t* init, size_t lower,
                                                     size_t stride) {
  _tile_loadd(0, init, stride);
  if constexpr (kRight) _tile_loadd(1, init + kTileColumns, stride);
  if constexpr (kLower) _tile_loadd(2, init + lower, stride);
  if constexpr (kLower && kRight) _tile_loadd(3, init + lower + kTileColumns, stride);
}

template <bool kLower, bool kRight>
__attribute__((always_inline)) inline void store_sums(int32_t* acc, size_t lower, size_t stride) {
  _tile_stored(0, acc, stride);
  if constexpr (kRight) _tile_stored(1, acc + kTileColumns, stride);
  if constexpr (kLower) _tile_stored(2, acc + lower, stride);
  if constexpr (kLower && kRight) _tile_stored(3, acc + lower + kTileColumns, stride);
}

// All rows by the columns from 16 * `group` on. Strides of sums are in bytes to the instructions.
template <bool kLower, bool kRight>
void run_columns(const Tile& tile, size_t upper_rows, const Depth& depth, size_t group) {
  const size_t panel_stride =
      (tile.columns + kTileColumns - 1) / kTileColumns * kTileBytes;
  const int8_t* panel = tile.panel + group * kTileBytes;
  load_sums<kLower, kRight>(tile.init + group * kTileColumns, upper_rows * tile.init_stride,
                            tile.init_stride * sizeof(int32_t));
  const uint8_t* rows = static_cast<const uint8_t*>(tile.lhs);
  Lhs lhs{rows, rows + upper_rows * tile.lhs_stride, tile.lhs_stride};
  const int8_t* weights = panel;
  for (size_t i = 0; i < depth.steps; ++i) {
    step<kLower, kRight>(lhs, weights, panel_stride);
    lhs.upper += kTileBytes;
    lhs.lower += kTileBytes;
    weights += kTileRows * panel_stride;
  }
  if (depth.has_last) {
    step<kLower, kRight>(depth.last, panel + depth.last_groups * panel_stride, panel_stride);
  }
  store_sums<kLower, kRight>(tile.acc + group * kTileColumns, upper_rows * tile.acc_stride,
                             tile.acc_stride * sizeof(int32_t));
}

template <bool kLower>
void run_rows(const Tile& tile, size_t upper_rows, const Depth& depth) {
  const size_t groups = (tile.columns + kTileColumns - 1) / kTileColumns;
  size_t group = 0;
  for (; group + 2 <= groups; group += 2) {
    run_columns<kLower, true>(tile, upper_rows, depth, group);
  }
  if (group < groups) run_columns<kLower, false>(tile, upper_rows, depth, group);
}

// What this thread's tiles are configured as, since that costs as much as a small product.
thread_local TileShapes configured;

// Not inlined: zeros that a vector stores to the stack look like a spill to check-isa-objects.sh.
// Tiles 0 1 / 2 3 are sums, 4 / 5 rows, and 6 7 weights.
__attribute__((noinline)) void reshape(TileShapes* shapes, size_t upper_rows, size_t lower_rows,
                                       size_t step_bytes) {
  *shapes = kNoTiles;
  const size_t rows[] = {upper_rows, upper_rows, lower_rows,     lower_rows,
                         upper_rows, lower_rows, step_bytes / 4, step_bytes / 4};
  for (int i = 0; i < 8; ++i) {
    set_tile(shapes, i, rows[i], i == 4 || i == 5 ? step_bytes : kTileBytes);
  }
  load_shapes(shapes);
}

void configure(size_t upper_rows, size_t lower_rows, size_t step_bytes) {
  TileShapes* shapes = &configured;
  if (shapes->rows[4] == upper_rows && shapes->rows[5] == lower_rows &&
      shapes->rows[6] == step_bytes / 4) {
    return;
  }
  reshape(shapes, upper_rows, lower_rows, step_bytes);
}

// The end of each row, behind zeros. `end` is the K of the panel, a multiple of four.
void copy_ends(const Tile& tile, size_t done, size_t end, uint8_t* ends) {
  const size_t first = end < kTileBytes ? 0 : end - kTileBytes;
  const __mmask64 within = ~0ull >> (kTileBytes - (tile.depth - first));
  const __mmask64 fresh = within & ~0ull << (done - first);
  const uint8_t* row = static_cast<const uint8_t*>(tile.lhs) + first;
  for (size_t i = 0; i < tile.rows; ++i, row += tile.lhs_stride) {
    _mm512_store_si512(ends + i * kTileBytes, _mm512_maskz_loadu_epi8(fresh, row));
  }
  write_out(ends);
}

}  // namespace

void gemm_u8s8s32_x86_amxint8(const Tile& tile) {
  if (tile.rows <= kVectorRows) return gemm_u8s8s32_x86_avx512vnni(tile);
  const size_t lower_rows = tile.rows > kTileRows ? tile.rows / 2 : 0;
  const size_t upper_rows = tile.rows - lower_rows;
  const size_t end = (tile.depth + 3) / 4 * 4;
  Depth depth{};
  depth.step_bytes = end == 0 || end > kTileBytes ? kTileBytes : end;
  depth.steps = tile.depth / depth.step_bytes;
  const size_t done = depth.steps * depth.step_bytes;
  alignas(kTileBytes) uint8_t ends[2 * kTileRows * kTileBytes];
  if (done < tile.depth) {
    depth.has_last = true;
    depth.last_groups = (end - depth.step_bytes) / 4;
    depth.last = {ends, ends + upper_rows * kTileBytes, kTileBytes};
    copy_ends(tile, done, end, ends);
  }
  configure(upper_rows, lower_rows, depth.step_bytes);
  if (lower_rows != 0) {
    run_rows<true>(tile, upper_rows, depth);
  } else {
    run_rows<false>(tile, upper_rows, depth);
  }
}

void gemm_release_x86_amxint8() {
  if (configured.rows[4] == 0) return;
  configured.rows[4] = 0;
  _tile_release();
}

}  // namespace octavo
