// Matrix transposition: between [channels][pixels] and [pixels][channels].
#ifndef OCTAVO_SRC_CONV_TRANSPOSE_H_
#define OCTAVO_SRC_CONV_TRANSPOSE_H_

#include <cstddef>

namespace octavo {

// out[c * out_stride + r] = in[r * in_stride + c]; elements of 1 or 4 bytes, strides in elements.
void transpose(const void* in, size_t rows, size_t columns, size_t in_stride, void* out,
               size_t out_stride, size_t element_bytes);

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_TRANSPOSE_H_
