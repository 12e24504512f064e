#include "gemm/lhs_image.h"

namespace octavo {
namespace {

void add_terms(const int32_t* terms, size_t step, size_t count, int32_t* __restrict sums) {
  const auto sum = [](int32_t a, int32_t b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
  };
  if (step == 1) {
    for (size_t i = 0; i < count; ++i) sums[i] = sum(sums[i], terms[i]);
  } else {
    for (size_t i = 0; i < count; ++i) sums[i] = sum(sums[i], terms[i * step]);
  }
}

}  // namespace

PairedWindow LhsImage::window() const {
  const Geometry& g = geometry_;
  const size_t run_pixels = g.across == 1 ? g.kernel_w : 1;
  return {g.kernel_h, g.down * g.channels, g.kernel_w / run_pixels, g.across * g.channels,
          run_pixels * g.channels / 4};
}

void LhsImage::sum_terms(size_t first, size_t count, int32_t* sums) const {
  std::fill_n(sums, count, 0);
  while (count != 0) {
    const size_t some = std::min(count, rows_beside(first));
    for (size_t kh = 0; kh < geometry_.kernel_h; ++kh) {
      for (size_t kw = 0; kw < geometry_.kernel_w; ++kw) {
        const size_t tap = kh * geometry_.down + kw * geometry_.across;
        add_terms(terms_ + pixel(first) + tap, geometry_.column_step, some, sums);
      }
    }
    first += some;
    sums += some;
    count -= some;
  }
}

}  // namespace octavo
