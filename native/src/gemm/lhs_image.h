// The left-hand side of a convolution for a paired kernel: an image whose pixels are copied once,
// of which each row of the product reads its window where it lies.
#ifndef OCTAVO_SRC_GEMM_LHS_IMAGE_H_
#define OCTAVO_SRC_GEMM_LHS_IMAGE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "gemm/paired_kernel.h"

namespace octavo {

// A row is one output pixel; its k is that of its window's pixels, in the order of the weights.
class LhsImage {
 public:
  // Distances are in pixels of the copied image.
  struct Geometry {
    size_t channels;               // elements of a pixel, a multiple of 4
    size_t out_width;              // rows of the product that are `column_step` apart
    size_t row_step, column_step;  // from output pixel to output pixel
    size_t kernel_h, kernel_w;
    size_t down, across;  // from tap to tap
  };

  // `pixels` holds the image, `terms` what PairedKernel::copy_row returned for each pixel.
  LhsImage(const Geometry& geometry, const int16_t* pixels, const int32_t* terms)
      : geometry_(geometry), pixels_(pixels), terms_(terms) {}

  const int16_t* row(size_t row) const { return pixels_ + pixel(row) * geometry_.channels; }
  size_t step() const { return geometry_.column_step * geometry_.channels; }
  // Taps that lie side by side make one run.
  PairedWindow window() const;
  // Rows from `row` on that are step() apart.
  size_t rows_beside(size_t row) const { return geometry_.out_width - row % geometry_.out_width; }

  // Rows whose windows stay in the cache while all columns are multiplied by them.
  size_t rows_at_once() const {
    const size_t bytes = geometry_.row_step * geometry_.channels * sizeof(int16_t);
    return std::max<size_t>(1, kCacheBytes / bytes) * geometry_.out_width;
  }

  // The terms of the rows [first, first + count): the sums of those of their pixels, mod 2^32.
  void sum_terms(size_t first, size_t count, int32_t* sums) const;

 private:
  static constexpr size_t kCacheBytes = 256 * 1024;

  size_t pixel(size_t row) const {
    return row / geometry_.out_width * geometry_.row_step +
           row % geometry_.out_width * geometry_.column_step;
  }

  Geometry geometry_;
  const int16_t* pixels_;
  const int32_t* terms_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_LHS_IMAGE_H_
