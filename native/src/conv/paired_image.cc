#include "conv/paired_image.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/aligned_buffer.h"
#include "base/math.h"
#include "base/thread_scratch.h"
#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

// Copies of rows are written in vectors of this many elements, the last of them over its end.
constexpr size_t kVector = 16;
constexpr size_t kMinOutWidth = 4;
constexpr size_t kMinOutPixels = 16;
// Padding is copied too: so much of it, and no more.
constexpr size_t kMostPadding = 4096;
// Threads keep the memory of a copy: no more of it than this.
constexpr size_t kMostBytes = size_t{32} << 20;

}  // namespace

bool paired_image_fits(const ConvShape& shape) {
  const CheckedSize padded = CheckedSize(shape.pad_top + shape.height + shape.pad_bottom)
                                 .times(shape.pad_left + shape.width + shape.pad_right);
  const CheckedSize bytes =
      padded.times(paired_channels(shape.kernel.group_channels)).times(sizeof(int16_t));
  const CheckedSize strides = CheckedSize(shape.stride_h).times(shape.stride_w);
  return shape.kernel.groups == 1 && shape.kernel.taps() > 1 &&
         shape.kernel.group_channels <= kMaxPairedChannels &&
         strides.value() <= shape.kernel.taps() && shape.out_width >= kMinOutWidth &&
         shape.out_pixels() >= kMinOutPixels && bytes.value() <= kMostBytes &&
         padded.value() <= 2 * shape.pixels() + kMostPadding;
}

bool paired_image_takes_planes(const octavo_conv2d_args& args, const ConvShape& shape) {
  return args.input_layout == OCTAVO_NCHW && shape.kernel.group_channels <= kPairedPlanes;
}

PairedImage::PairedImage(const octavo_conv2d_args& args, const ConvShape& shape,
                         const PairedKernel& kernel)
    : args_(args),
      shape_(shape),
      kernel_(kernel),
      channels_(paired_channels(shape.kernel.group_channels)),
      pitch_(shape.pad_left + shape.width + shape.pad_right + div_up(kVector, channels_)),
      height_(shape.pad_top + shape.height + shape.pad_bottom),
      planes_(paired_image_takes_planes(args, shape)) {
  static_assert(kMaxPairedChannels % kVector == 0);
  uint8_t pixel[kMaxPairedChannels];
  std::fill_n(pixel, shape.kernel.group_channels, static_cast<uint8_t>(args.input_zero_point));
  padding_term_ =
      kernel.copy_row(pixel, shape.kernel.group_channels, args.input_type == OCTAVO_S8, padding_);
}

LhsImage PairedImage::load(const uint8_t* image) const {
  const CheckedSize count = CheckedSize(pitch_).times(height_);
  const size_t elements = count.times(channels_).plus(kVector).value();
  const size_t bytes = CheckedSize(elements)
                           .times(sizeof(int16_t))
                           .plus(kCacheLine)
                           .plus(count.times(sizeof(int32_t)).value())
                           .value();
  uint8_t* memory = thread_scratch(bytes, Scratch::image);
  if (memory == nullptr) throw std::bad_alloc();
  int16_t* pixels = reinterpret_cast<int16_t*>(memory);
  int32_t* terms = reinterpret_cast<int32_t*>(
      memory + div_up(elements * sizeof(int16_t), kCacheLine) * kCacheLine);
  parallel_ranges(height_, div_up(kElementsPerTask, pitch_ * channels_),
                  [&](size_t first, size_t some) {
                    for (size_t y = first; y < first + some; ++y) {
                      copy_row(image, y, pixels + y * pitch_ * channels_, terms + y * pitch_);
                    }
                  });
  const LhsImage::Geometry geometry{channels_,
                                    shape_.out_width,
                                    shape_.stride_h * pitch_,
                                    shape_.stride_w,
                                    shape_.kernel.kernel_h,
                                    shape_.kernel.kernel_w,
                                    shape_.dilation_h * pitch_,
                                    shape_.dilation_w};
  return {geometry, pixels, terms};
}

void PairedImage::copy_row(const uint8_t* image, size_t y, int16_t* pixels, int32_t* terms) const {
  const size_t left = shape_.pad_left, width = shape_.width;
  if (y < shape_.pad_top || y - shape_.pad_top >= shape_.height) {
    return pad(left + width + shape_.pad_right, pixels, terms);
  }
  const size_t k = shape_.kernel.group_channels;
  pad(left, pixels, terms);
  const size_t first = (y - shape_.pad_top) * width;
  const bool is_signed = args_.input_type == OCTAVO_S8;
  int16_t* inside = pixels + left * channels_;
  if (planes_) {
    kernel_.copy_planes(image + first, shape_.pixels(), width, k, is_signed, inside, terms + left);
  } else {
    kernel_.copy_pixels(image + first * k, width, k, is_signed, inside, terms + left);
  }
  pad(shape_.pad_right, pixels + (left + width) * channels_, terms + left + width);
}

void PairedImage::pad(size_t count, int16_t* pixels, int32_t* terms) const {
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(pixels + i * channels_, padding_, channels_ * sizeof(int16_t));
  }
  std::fill_n(terms, count, padding_term_);
}

}  // namespace octavo
