// The input of a convolution as a paired kernel reads it: padded, with every pixel copied once.
#ifndef OCTAVO_SRC_CONV_PAIRED_IMAGE_H_
#define OCTAVO_SRC_CONV_PAIRED_IMAGE_H_

#include "conv/conv_shape.h"
#include "gemm/lhs_image.h"
#include "gemm/paired_kernel.h"
#include "octavo/octavo.h"

namespace octavo {

// Of wider pixels, a few rows' windows no longer stay in the first-level cache.
inline constexpr size_t kMaxPairedChannels = 128;

// Whether windows overlap, and rows of outputs are long, enough for the copy to pay.
bool paired_image_fits(const ConvShape& shape);

// Whether load() takes images of args.input_layout; of the others it takes [pixels][channels].
bool paired_image_takes_planes(const octavo_conv2d_args& args, const ConvShape& shape);

class PairedImage {
 public:
  // For one group of channels, and shapes that fit.
  PairedImage(const octavo_conv2d_args& args, const ConvShape& shape, const PairedKernel& kernel);

  // Copies [height][width][channels], or [channels][height][width] where it takes planes, on as
  // many threads as usable_threads() says. The rows are valid until the calling thread loads
  // another image. Throws std::bad_alloc.
  LhsImage load(const uint8_t* image) const;

 private:
  void copy_row(const uint8_t* image, size_t y, int16_t* pixels, int32_t* terms) const;
  void pad(size_t count, int16_t* pixels, int32_t* terms) const;

  const octavo_conv2d_args& args_;
  const ConvShape& shape_;
  const PairedKernel& kernel_;
  size_t channels_;  // of a copied pixel
  size_t pitch_;     // pixels of a copied row
  size_t height_;
  bool planes_;
  int16_t padding_[kMaxPairedChannels];  // one pixel
  int32_t padding_term_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_PAIRED_IMAGE_H_
