// The one function type of every float matrix microkernel.
//
//   out[i][j] = activation(clamp(bias[j] + start[i][j] + sum over runs r, k < depth of
//                          lhs[i][runs[r] + k] * panel[r * depth + k][j]))
//
// for i < rows <= mr and j < columns <= nr; for a single row, columns may be up to kRowPanels * nr
// and more than nr, of panels that are all nr wide. Where the depth is cut into blocks, the first
// has the bias and starts from the residual, later ones start from `out`, and the last has the
// activation. A product reads one run, a row of its left-hand side; a convolution one for each row
// of its kernel. A panel of at most `lanes` columns is stored `lanes` wide, any other nr wide.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_H_
#define OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_H_

#include <stddef.h>
#include <stdint.h>

#include "octavo/base.h"
#include "octavo/float_epilogue.h"

namespace octavo {

// In a table line: two values neighbouring in k, bfloat16, to a word. The left-hand side then comes
// in such words too, and the depth counts them.
inline constexpr octavo_type kBfloatPairs = 100;

// Steps of the depth that a microkernel takes at once.
inline constexpr int kTileSteps = 2;

// Panels that a single row is multiplied by at once: its time is that of reading them, and caches
// give several streams faster than one.
inline constexpr int kRowPanels = 2;

struct FloatTile {
  size_t rows;
  size_t columns;
  size_t depth;
  const float* const* lhs;  // one pointer a row
  size_t lhs_stride;        // elements from each row to the next if always as many, or 0
  const size_t* runs;       // in elements from each of these pointers
  size_t run_count;
  const void* panel;    // aligned to 64 bytes
  size_t panel_stride;  // in elements, to the next panel of a single row
  uintptr_t next;       // address of memory that will be read soon: a hint, maybe past any array,
  size_t next_step;     // of so many bytes each time
  const float* bias;   // of the first column, or null
  const float* start;  // of the first element, or null; `out` itself or apart from it
  size_t start_stride;
  octavo_activation activation;  // applied last; OCTAVO_CLIP has the limits alpha and beta
  float alpha;
  float beta;
  float* out;
  size_t out_stride;
};

using FloatMicrokernelFn = void (*)(const FloatTile& tile);

#define OCTAVO_FLOAT_MICROKERNEL(isa, name, weights, mr, nr, lanes) \
  void name(const FloatTile& tile);
#include "float_gemm/float_microkernels.inc"
#undef OCTAVO_FLOAT_MICROKERNEL

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_H_
