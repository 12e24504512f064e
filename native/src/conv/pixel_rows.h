// Convolution as matrix products: a row for each output pixel, a column for each output channel.
#ifndef OCTAVO_SRC_CONV_PIXEL_ROWS_H_
#define OCTAVO_SRC_CONV_PIXEL_ROWS_H_

#include "conv/conv2d.h"
#include "conv/conv_shape.h"
#include "cpu/isa.h"
#include "octavo/octavo.h"

namespace octavo {

// A whole batch in any layouts, of groups that are not depthwise. Throws std::bad_alloc.
void pixel_rows(const octavo_conv2d_args& args, const PackedConv2d& weights, const ConvShape& shape,
                IsaSet available);

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_PIXEL_ROWS_H_
