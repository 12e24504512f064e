// Float convolutions with fewer outputs a group than a vector has lanes: most lanes of a column
// vector would multiply padding.
#ifndef OCTAVO_SRC_FLOAT_CONV_FEW_OUTPUTS_H_
#define OCTAVO_SRC_FLOAT_CONV_FEW_OUTPUTS_H_

#include <cstddef>

#include "base/aligned_buffer.h"
#include "cpu/isa.h"
#include "float_conv/dot_tile.h"
#include "float_gemm/row_block.h"
#include "octavo/octavo.h"

namespace octavo {

// Weights as [output][row][column][channel]; none where there are more than kDotColumns outputs a
// group, or too few taps and channels to repay the sums over lanes.
struct FewOutputs {
  DotTileFn run;
  AlignedBuffer<float> values;

  // Whether rows are multiplied whose runs are `depth` long: short ones leave lanes idle.
  bool applies(size_t depth) const { return run != nullptr && depth >= kLeastDepth; }

  static constexpr size_t kLeastDepth = 32;
};

// Throws std::bad_alloc.
FewOutputs pack_few_outputs(const octavo_float_conv2d_weights& weights, IsaSet available);

// All `columns` outputs of a group, as multiply_block() has them; at most kBlockRows rows.
// `weights` are the group's.
void multiply_few(const RowBlock& block, DotTileFn run, const float* weights, size_t columns);

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_FEW_OUTPUTS_H_
