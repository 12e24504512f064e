// Products of rows with few columns, tier by tier: lanes are neighbours along the depth, so that no
// lane is idle where there are fewer columns than lanes. Each sum is added up over its lanes once.
// (float_conv/few_outputs.h applies it to blocks of rows.)
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_FLOAT_CONV_DOT_TILE_H_
#define OCTAVO_SRC_FLOAT_CONV_DOT_TILE_H_

#include <stddef.h>

#include "vector/tiers.h"

namespace octavo {

constexpr size_t kDotColumns = 4;

//   sums[i][j] = sum over runs r, k < depth of
//                rows[i][runs[r] + k] * weights[j * weight_stride + r * depth + k]
// for i < row_count and j < columns <= kDotColumns; sums are dense.
struct DotTile {
  const float* const* rows;
  size_t row_count;
  const size_t* runs;
  size_t run_count;
  size_t depth;
  const float* weights;
  size_t weight_stride;
  size_t columns;
  float* sums;
};

using DotTileFn = void (*)(const DotTile& tile);

struct DotTileKernels {
  DotTileFn run;
};

#define OCTAVO_DOT_TILE_TIER(isa, tier) extern const DotTileKernels dot_tile_##tier;
OCTAVO_TIERS(OCTAVO_DOT_TILE_TIER)
#ifdef OCTAVO_X86
OCTAVO_DOT_TILE_TIER(isa::avx512, x86_avx512)
#endif
#undef OCTAVO_DOT_TILE_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_DOT_TILE_H_
