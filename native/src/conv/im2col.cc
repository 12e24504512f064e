#include "conv/im2col.h"

#include <algorithm>
#include <cstring>

namespace octavo {
namespace {

// First and one-past-last kernel column whose input column exists.
struct TapRange {
  size_t begin;
  size_t end;
};

TapRange taps_inside(size_t start, size_t pad, size_t size, size_t taps, size_t dilation) {
  size_t begin = 0;
  if (start < pad) begin = std::min(taps, (pad - start + dilation - 1) / dilation);
  size_t end = begin;
  const size_t limit = size + pad;
  if (start < limit) end = std::max(begin, std::min(taps, (limit - start - 1) / dilation + 1));
  return {begin, end};
}

}  // namespace

void im2col(const uint8_t* image, const ConvShape& shape, size_t group, uint8_t pad,
            size_t first_pixel, size_t count, uint8_t* rows) {
  const KernelShape& kernel = shape.kernel;
  const size_t channels = kernel.in_channels(), run = kernel.group_channels;
  const uint8_t* origin = image + group * run;
  for (size_t pixel = first_pixel; pixel < first_pixel + count; ++pixel) {
    const size_t top = pixel / shape.out_width * shape.stride_h;
    const size_t left = pixel % shape.out_width * shape.stride_w;
    const TapRange inside =
        taps_inside(left, shape.pad_left, shape.width, kernel.kernel_w, shape.dilation_w);
    for (size_t kh = 0; kh < kernel.kernel_h; ++kh, rows += kernel.kernel_w * run) {
      const size_t y = top + kh * shape.dilation_h;
      const bool outside = y < shape.pad_top || y - shape.pad_top >= shape.height;
      if (outside || inside.begin == inside.end) {
        std::memset(rows, pad, kernel.kernel_w * run);
        continue;
      }
      std::memset(rows, pad, inside.begin * run);
      std::memset(rows + inside.end * run, pad, (kernel.kernel_w - inside.end) * run);
      const size_t x = left + inside.begin * shape.dilation_w - shape.pad_left;
      const uint8_t* source = origin + ((y - shape.pad_top) * shape.width + x) * channels;
      const size_t taps = inside.end - inside.begin;
      if (run == channels && shape.dilation_w == 1) {
        std::memcpy(rows + inside.begin * run, source, taps * run);
        continue;
      }
      for (size_t tap = 0; tap < taps; ++tap) {
        std::memcpy(rows + (inside.begin + tap) * run, source + tap * shape.dilation_w * channels,
                    run);
      }
    }
  }
}

}  // namespace octavo
