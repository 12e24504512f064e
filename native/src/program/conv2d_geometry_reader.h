// Layouts and sizes of a convolution among the parameters of an op.
#ifndef OCTAVO_SRC_PROGRAM_CONV2D_GEOMETRY_READER_H_
#define OCTAVO_SRC_PROGRAM_CONV2D_GEOMETRY_READER_H_

#include "octavo/conv2d.h"
#include "program/op_reader.h"

namespace octavo {

// Words: layouts of input and output (0: NCHW, 1: NHWC), batch, height, width, strides, dilations,
// pads (top, left, bottom, right).
template <typename Args>
void read_conv2d_geometry(OpReader& reader, Args& args) {
  args.input_layout = static_cast<octavo_layout>(reader.index("input layout", 1));
  args.output_layout = static_cast<octavo_layout>(reader.index("output layout", 1));
  for (size_t* size :
       {&args.batch, &args.height, &args.width, &args.stride_h, &args.stride_w, &args.dilation_h,
        &args.dilation_w, &args.pad_top, &args.pad_left, &args.pad_bottom, &args.pad_right}) {
    *size = reader.size("geometry");
  }
}

// How many elements a convolution reads and writes. Throws InvalidArgument where its geometry is
// impossible.
struct Conv2dElements {
  CheckedSize in, out;
};
inline Conv2dElements conv2d_elements(const octavo_conv2d_args& args) {
  size_t height = 0, width = 0;
  require_ok(octavo_conv2d_output_size(&args, &height, &width));
  const CheckedSize batch(args.batch);
  return {batch.times(octavo_packed_conv2d_in_channels(args.weights))
              .times(args.height)
              .times(args.width),
          batch.times(octavo_packed_conv2d_out_channels(args.weights)).times(height).times(width)};
}

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_CONV2D_GEOMETRY_READER_H_
