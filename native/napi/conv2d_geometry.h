// The geometry of a convolution as JavaScript passes it.
#ifndef OCTAVO_NAPI_CONV2D_GEOMETRY_H_
#define OCTAVO_NAPI_CONV2D_GEOMETRY_H_

#include <string>

#include "arguments.h"

namespace octavo::napi {

// Reads an Int32Array of batch, height, width, strideH, strideW, dilationH, dilationW, padTop,
// padLeft, padBottom, padRight, inputLayout and outputLayout into the arguments of a convolution of
// integers or floats.
template <typename ConvArgs>
void read_geometry(const Arguments& arguments, size_t index, ConvArgs& args) {
  constexpr size_t kGeometryNumbers = 13;
  const auto geometry = arguments.integers(index, "geometry");
  arguments.require_count("geometry", geometry.size(), kGeometryNumbers);
  const int32_t* numbers = geometry.data();
  size_t* const sizes[] = {&args.batch,    &args.height,     &args.width,      &args.stride_h,
                           &args.stride_w, &args.dilation_h, &args.dilation_w, &args.pad_top,
                           &args.pad_left, &args.pad_bottom, &args.pad_right};
  for (size_t* size : sizes) {
    if (*numbers < 0) arguments.fail("geometry", "no negative number", std::to_string(*numbers));
    *size = static_cast<size_t>(*numbers++);
  }
  args.input_layout = numbers[0];
  args.output_layout = numbers[1];
}

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_CONV2D_GEOMETRY_H_
