// The part of an image that a rectangle of outputs reads, with its padding.
#ifndef OCTAVO_SRC_FLOAT_CONV_INPUT_WINDOW_H_
#define OCTAVO_SRC_FLOAT_CONV_INPUT_WINDOW_H_

#include <cstddef>

#include "octavo/octavo.h"

namespace octavo {

// Positions along one axis of the image, counted from its first element; the window may begin
// before it and end after it.
struct WindowAxis {
  ptrdiff_t begin;
  size_t size;
  // The part within an image of `length` elements, as offsets into the window.
  size_t padding_before() const;
  size_t padding_after(size_t length) const;
};

WindowAxis window_axis(size_t first_output, size_t outputs, size_t stride, size_t padding,
                       size_t kernel, size_t dilation);

// Some channels of one image.
struct ImageSlice {
  const float* data;  // of the image's first pixel and the slice's first channel
  octavo_layout layout;
  size_t height;
  size_t width;
  size_t channels;  // of the slice
  size_t channels_of_image;
};

// Copies the window as dense [rows][columns][channels], 0 outside the image.
void copy_window(const ImageSlice& image, const WindowAxis& rows, const WindowAxis& columns,
                 float* to);

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_INPUT_WINDOW_H_
