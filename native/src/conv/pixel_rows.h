// Convolution as matrix products: a row for each output pixel, a column for each output channel.
#ifndef OCTAVO_SRC_CONV_PIXEL_ROWS_H_
#define OCTAVO_SRC_CONV_PIXEL_ROWS_H_

#include <vector>

#include "conv/conv_shape.h"
#include "cpu/isa.h"
#include "octavo/octavo.h"
#include "pack/pack_rhs.h"

namespace octavo {

// A whole batch in any layouts. `groups` holds each group's weights, K in the order
// [kernel_h][kernel_w][group_channels]. Throws std::bad_alloc.
void pixel_rows(const octavo_conv2d_args& args, const std::vector<PackedRhs>& groups,
                const ConvShape& shape, IsaSet available);

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_PIXEL_ROWS_H_
