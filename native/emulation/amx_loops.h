// AMX tiles as loops over their elements, from Intel's definitions
// (https://www.intel.com/content/www/us/en/docs/intrinsics-guide). Here a thread has tiles of its
// own in each file: a kernel that configures tiles also uses them.
#ifndef OCTAVO_EMULATION_AMX_LOOPS_H_
#define OCTAVO_EMULATION_AMX_LOOPS_H_

#include <stdint.h>
#include <string.h>

struct octavo_tile_shapes {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};

static thread_local octavo_tile_shapes octavo_tiles;
static thread_local uint8_t octavo_tile_data[8][16][64];

static inline void octavo_tile_loadconfig(const void* shapes) {
  memcpy(&octavo_tiles, shapes, sizeof(octavo_tiles));
  memset(octavo_tile_data, 0, sizeof(octavo_tile_data));
}

static inline void octavo_tile_release(void) {
  const octavo_tile_shapes none = {};
  octavo_tile_loadconfig(&none);
}

static inline void octavo_tile_loadd(int tile, const void* base, size_t stride) {
  memset(octavo_tile_data[tile], 0, sizeof(octavo_tile_data[tile]));
  for (int i = 0; i < octavo_tiles.rows[tile]; ++i) {
    memcpy(octavo_tile_data[tile][i], (const uint8_t*)base + i * stride,
           octavo_tiles.row_bytes[tile]);
  }
}

static inline void octavo_tile_stored(int tile, void* base, size_t stride) {
  for (int i = 0; i < octavo_tiles.rows[tile]; ++i) {
    memcpy((uint8_t*)base + i * stride, octavo_tile_data[tile][i], octavo_tiles.row_bytes[tile]);
  }
}

static inline void octavo_tile_zero(int tile) {
  memset(octavo_tile_data[tile], 0, sizeof(octavo_tile_data[tile]));
}

// Bytes of lhs as `Byte`, those of rhs signed.
template <typename Byte>
static inline void octavo_tile_multiply(int sums, int lhs, int rhs) {
  for (int i = 0; i < octavo_tiles.rows[sums]; ++i) {
    uint32_t row[16];
    memcpy(row, octavo_tile_data[sums][i], sizeof(row));
    for (int k = 0; k < octavo_tiles.row_bytes[lhs]; ++k) {
      const uint8_t* weights = octavo_tile_data[rhs][k / 4];
      for (int j = 0; j < octavo_tiles.row_bytes[sums] / 4; ++j) {
        row[j] += (uint32_t)((Byte)octavo_tile_data[lhs][i][k] * (int8_t)weights[4 * j + k % 4]);
      }
    }
    memcpy(octavo_tile_data[sums][i], row, sizeof(row));
  }
}

#undef _tile_loadd
#undef _tile_stored
#undef _tile_zero
#undef _tile_dpbusd
#undef _tile_dpbssd
#define _tile_loadconfig(shapes) octavo_tile_loadconfig(shapes)
#define _tile_release() octavo_tile_release()
#define _tile_loadd(tile, base, stride) octavo_tile_loadd(tile, base, stride)
#define _tile_stored(tile, base, stride) octavo_tile_stored(tile, base, stride)
#define _tile_zero(tile) octavo_tile_zero(tile)
#define _tile_dpbusd(sums, lhs, rhs) octavo_tile_multiply<uint8_t>(sums, lhs, rhs)
#define _tile_dpbssd(sums, lhs, rhs) octavo_tile_multiply<int8_t>(sums, lhs, rhs)

#endif  // OCTAVO_EMULATION_AMX_LOOPS_H_
