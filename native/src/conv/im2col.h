// Rows of a convolution as a matrix product: row p holds the bytes that output pixel p multiplies.
#ifndef OCTAVO_SRC_CONV_IM2COL_H_
#define OCTAVO_SRC_CONV_IM2COL_H_

#include <cstddef>
#include <cstdint>

#include "conv/conv_shape.h"

namespace octavo {

// Writes the rows of output pixels [first_pixel, first_pixel + count) of one group, each
// [kernel_h][kernel_w][group_channels] bytes and dense. `image` is [height][width][in_channels];
// padding is filled with `pad` (the input zero point as a byte).
void im2col(const uint8_t* image, const ConvShape& shape, size_t group, uint8_t pad,
            size_t first_pixel, size_t count, uint8_t* rows);

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_IM2COL_H_
