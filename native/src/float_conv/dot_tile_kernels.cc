#include "float_conv/dot_tile_loop.h"
#include "vector/vector.h"

namespace octavo {
namespace {

struct Lanes {
  static constexpr size_t lanes = kLanes;
  using T = F32;
  static OCTAVO_INLINE T zero() { return splat(0.0f); }
  static OCTAVO_INLINE T load(const float* p) { return octavo::load<F32>(p); }
  static OCTAVO_INLINE T load_first(const float* p, size_t count) {
    return load_some<F32>(p, count);
  }
  static OCTAVO_INLINE T fma(T a, T b, T c) { return multiply_add(a, b, c); }
  static OCTAVO_INLINE float sum(T x) { return sum_lanes(x); }
  // Of 16 registers.
  static constexpr size_t rows(size_t columns) { return columns == 1 ? 8 : 10 / columns; }
};

}  // namespace

const DotTileKernels OCTAVO_TIERED(dot_tile) = {run_dot_tile<Lanes>};

}  // namespace octavo
