#include "float_conv/input_window.h"

#include <algorithm>
#include <cstring>

#include "base/math.h"
#include "conv/transpose.h"

namespace octavo {
namespace {

// `pixels` neighbours of a row, from `column`.
void copy_pixels(const ImageSlice& image, size_t row, size_t column, size_t pixels, float* to) {
  if (image.layout == OCTAVO_NCHW) {
    const size_t plane = image.height * image.width;
    return transpose(image.data + row * image.width + column, image.channels, pixels, plane, to,
                     image.channels, sizeof(float));
  }
  const float* from = image.data + (row * image.width + column) * image.channels_of_image;
  if (image.channels == image.channels_of_image) {
    std::memcpy(to, from, pixels * image.channels * sizeof(float));
    return;
  }
  for (size_t pixel = 0; pixel < pixels; ++pixel) {
    std::memcpy(to, from, image.channels * sizeof(float));
    from += image.channels_of_image;
    to += image.channels;
  }
}

}  // namespace

size_t WindowAxis::padding_before() const {
  return begin < 0 ? min_size(static_cast<size_t>(-begin), size) : 0;
}

size_t WindowAxis::padding_after(size_t length) const {
  const ptrdiff_t beyond = begin + static_cast<ptrdiff_t>(size) - static_cast<ptrdiff_t>(length);
  return beyond > 0 ? min_size(static_cast<size_t>(beyond), size) : 0;
}

WindowAxis window_axis(size_t first_output, size_t outputs, size_t stride, size_t padding,
                       size_t kernel, size_t dilation) {
  const size_t size = (outputs - 1) * stride + (kernel - 1) * dilation + 1;
  return {static_cast<ptrdiff_t>(first_output * stride) - static_cast<ptrdiff_t>(padding), size};
}

void copy_window(const ImageSlice& image, const WindowAxis& rows, const WindowAxis& columns,
                 float* to) {
  const size_t row_floats = columns.size * image.channels;
  const size_t before = columns.padding_before(), after = columns.padding_after(image.width);
  for (size_t row = 0; row < rows.size; ++row, to += row_floats) {
    const ptrdiff_t source = rows.begin + static_cast<ptrdiff_t>(row);
    const bool outside = source < 0 || source >= static_cast<ptrdiff_t>(image.height);
    if (outside || before + after >= columns.size) {
      std::fill_n(to, row_floats, 0.0f);
      continue;
    }
    std::fill_n(to, before * image.channels, 0.0f);
    std::fill_n(to + (columns.size - after) * image.channels, after * image.channels, 0.0f);
    copy_pixels(image, static_cast<size_t>(source),
                static_cast<size_t>(columns.begin + static_cast<ptrdiff_t>(before)),
                columns.size - before - after, to + before * image.channels);
  }
}

}  // namespace octavo
