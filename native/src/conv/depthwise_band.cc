#include "conv/depthwise_band.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace octavo {

Strip::Strip(const ConvShape& shape, const ChannelBlock& block) {
  const QuadKernel kernel{shape.kernel.kernel_h, shape.kernel.kernel_w};
  rows = std::bit_ceil((kernel.height - 1) * shape.dilation_h + 1 +
                       (kernel.has_spare_row() ? 1 : 0));
  const size_t most =
      std::min({kRowVectors, kColumnVectors / kernel.planes(), kBandVectors / rows});
  phases = shape.stride_w;
  // A phase has one vector for each output, and those that the window reaches beyond the last.
  const size_t reach = (shape.kernel.kernel_w - 1) * shape.dilation_w / shape.stride_w;
  const size_t fitting = most / phases > reach ? most / phases - reach : 0;
  const size_t parts = block.pixels() * std::max<size_t>(1, fitting);
  const size_t strips = div_up(shape.out_width, parts);
  outputs = std::min(fitting, div_up(div_up(shape.out_width, strips), block.pixels()));
  pitch = outputs + reach;
}

DepthwiseBand::DepthwiseBand(const octavo_conv2d_args& args, const ConvShape& shape,
                             const ChannelBlock& block, const Strip& strip,
                             const DepthwiseQuadKernels& kernels)
    : args_(args), shape_(shape), block_(block), strip_(strip), kernels_(kernels),
      row_bytes_(strip.vectors() * kDepthwiseVector) {
  std::memset(padding_, args.input_zero_point, sizeof(padding_));
}

void DepthwiseBand::start(size_t image, size_t y, size_t x) {
  image_ = image;
  loaded_ = y;
  x_ = x;
}

void DepthwiseBand::load_row(size_t y) {
  const uint8_t* row = nullptr;
  if (y >= shape_.pad_top && y - shape_.pad_top < shape_.height) {
    const size_t index = image_ * shape_.height + y - shape_.pad_top;
    row = static_cast<const uint8_t*>(args_.input) +
          index * shape_.width * shape_.kernel.out_channels + block_.start;
  }
  uint8_t* out = vectors_ + (y & (strip_.rows - 1)) * row_bytes_;
  for (size_t part = 0; part < block_.pixels(); ++part) {
    const ptrdiff_t first = static_cast<ptrdiff_t>((x_ + part * strip_.outputs) * shape_.stride_w) -
                            static_cast<ptrdiff_t>(shape_.pad_left);
    for (size_t phase = 0; phase < strip_.phases; ++phase) {
      load_phase(row, first + static_cast<ptrdiff_t>(phase),
                 out + phase * strip_.pitch * kDepthwiseVector + part * block_.width);
    }
  }
}

// Every stride_w-th pixel from `first` on, which may lie in the padding; `row` is null for a row of
// it.
void DepthwiseBand::load_phase(const uint8_t* row, ptrdiff_t first, uint8_t* out) const {
  const ptrdiff_t stride = static_cast<ptrdiff_t>(shape_.stride_w);
  const ptrdiff_t pitch = static_cast<ptrdiff_t>(strip_.pitch);
  // The first of these pixels at or beyond column `x`.
  const auto at = [=](ptrdiff_t x) {
    return std::clamp<ptrdiff_t>(x <= first ? 0 : (x - first + stride - 1) / stride, 0, pitch);
  };
  const ptrdiff_t from = row == nullptr ? pitch : at(0);
  const ptrdiff_t to = std::max(from, at(static_cast<ptrdiff_t>(shape_.width)));
  const auto copy = [&](const uint8_t* pixels, size_t pixel_stride, ptrdiff_t begin,
                        ptrdiff_t end) {
    if (begin == end) return;
    kernels_.copy({block_.count, static_cast<size_t>(end - begin), pixels, pixel_stride,
                   out + static_cast<size_t>(begin) * kDepthwiseVector, kDepthwiseVector});
  };
  copy(padding_, 0, 0, from);
  if (from != to) {
    const size_t channels = shape_.kernel.out_channels;
    copy(row + static_cast<size_t>(first + from * stride) * channels, shape_.stride_w * channels,
         from, to);
  }
  copy(padding_, 0, to, pitch);
}

}  // namespace octavo
