// Shapes of AMX tiles: the operand of ldtilecfg. Everything has internal linkage: it is compiled once
// for each file of kernels.
#ifndef OCTAVO_SRC_CPU_TILE_SHAPES_H_
#define OCTAVO_SRC_CPU_TILE_SHAPES_H_

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

namespace octavo {
namespace {

constexpr size_t kTileRows = 16;
constexpr size_t kTileBytes = 64;

struct alignas(kTileBytes) TileShapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};
constexpr TileShapes kNoTiles{1, 0, {}, {}, {}};

// The compiler does not see that tiles and their shapes are loaded from memory: without this it
// drops what was stored there.
__attribute__((always_inline)) inline void write_out(const void* memory) {
  __asm__ volatile("" : : "r"(memory) : "memory");
}

__attribute__((always_inline)) inline void set_tile(TileShapes* shapes, int tile, size_t rows,
                                                    size_t row_bytes) {
  shapes->rows[tile] = static_cast<uint8_t>(rows);
  // A tile without rows must have no bytes either.
  shapes->row_bytes[tile] = static_cast<uint16_t>(rows == 0 ? 0 : row_bytes);
}

__attribute__((always_inline)) inline void load_shapes(const TileShapes* shapes) {
  write_out(shapes);
  _tile_loadconfig(shapes);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_CPU_TILE_SHAPES_H_
