#include "conv/depthwise_rows.h"

#include <algorithm>
#include <cstring>

#include "base/math.h"
#include "conv/depthwise_rows_kernels.h"
#include "epilogue/epilogue_panel.h"
#include "epilogue/select_epilogue.h"
#include "threading/parallel_ranges.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<DepthwiseRowsKernels> kTiers[] = {
#define OCTAVO_DEPTHWISE_TIER(isa, tier) {isa, &depthwise_rows_##tier},
    OCTAVO_TIERS(OCTAVO_DEPTHWISE_TIER)
#undef OCTAVO_DEPTHWISE_TIER
};

// Columns of all planes together: 16 KiB, which leave the first-level cache room for pixels.
constexpr size_t kScratchColumns = 128;
constexpr size_t kMaxOutputs = 64;
constexpr size_t kMaxPairs = 64;
constexpr size_t kRowsPerTask = 4;

size_t planes_of(const ConvShape& shape) { return div_up(shape.kernel.kernel_h, 2); }

size_t columns_of(const ConvShape& shape, size_t outputs) {
  return (outputs - 1) * shape.stride_w + (shape.kernel.kernel_w - 1) * shape.dilation_w + 1;
}

size_t most_outputs(const ConvShape& shape) {
  const size_t columns = kScratchColumns / planes_of(shape);
  return std::min(kMaxOutputs, 1 + (columns - columns_of(shape, 1)) / shape.stride_w);
}

// Outputs that share a block, which must read pixels side by side.
size_t outputs_in_block(const ConvShape& shape) {
  const size_t pixels = depthwise_pixels(shape.kernel.out_channels);
  return shape.stride_w == 1 && pixels <= most_outputs(shape) ? pixels : 1;
}

// Outputs that share a run: as many as the scratch holds, in equal strips, by fours.
size_t strip_outputs(const ConvShape& shape) {
  const size_t unit = outputs_in_block(shape);
  const size_t most = most_outputs(shape) / unit * unit;
  const size_t even = div_up(shape.out_width, div_up(shape.out_width, most));
  return std::min(most, div_up(even, 4) * 4);
}

// A row of input pixels by one block of channels, from `first` (which may lie in the padding).
struct PixelRow {
  const uint8_t* pixels;  // of x = 0; null for a row of padding
  ptrdiff_t first;
};

// The convolution of one block of channels.
class Block {
 public:
  Block(const octavo_conv2d_args& args, const ConvShape& shape, const PackedDepthwiseRows& weights,
        size_t block, const DepthwiseRowsKernels& kernels, IsaSet available)
      : args_(args),
        shape_(shape),
        kernels_(kernels),
        channels_(shape.kernel.out_channels),
        start_(depthwise_block_start(block, channels_)),
        count_(std::min(kDepthwiseBlock, channels_ - start_)),
        block_outputs_(outputs_in_block(shape)),
        columns_(kScratchColumns / planes_of(shape)),
        finish_(select_epilogue(epilogue_kind(args.epilogue.output), available).run) {
    std::memset(padding_, args.input_zero_point, sizeof(padding_));
    run_.weights = weights.weights.data() + block * weights.pairs * kDepthwiseColumn;
    run_.pairs = weights.pairs;
    set_offsets();
    set_parameters(weights.sums);
  }

  void row(size_t image, size_t y, size_t strip) {
    for (size_t x = 0; x < shape_.out_width; x += strip) {
      const size_t outputs = std::min(strip, shape_.out_width - x);
      run_.count = div_up(outputs, block_outputs_);
      fill(image, y, x, columns_of(shape_, run_.count * block_outputs_));
      const size_t pixel = (image * shape_.out_height + y) * shape_.out_width + x;
      finish(pixel * channels_ + start_, outputs);
    }
  }

 private:
  void set_offsets() {
    const KernelShape& kernel = shape_.kernel;
    size_t pair = 0;
    for (size_t plane = 0; plane < planes_of(shape_); ++plane) {
      const size_t step = 2 * plane + 1 < kernel.kernel_h ? 1 : 2;
      for (size_t kw = 0; kw < kernel.kernel_w; kw += step) {
        offsets_[pair++] =
            static_cast<uint32_t>((plane * columns_ + kw * shape_.dilation_w) * kDepthwiseColumn);
      }
    }
    run_.values = scratch_;
    run_.offsets = offsets_;
    run_.step = shape_.stride_w * block_outputs_ * kDepthwiseColumn;
  }

  // Products of the input's zero point leave the sums through the bias.
  void set_parameters(const std::vector<int32_t>& sums) {
    const octavo_epilogue& epilogue = args_.epilogue;
    const int32_t zero = args_.input_zero_point + (args_.input_type == OCTAVO_S8 ? 128 : 0);
    for (size_t lane = 0; lane < kDepthwiseBlock; ++lane) {
      const size_t channel = start_ + depthwise_channel(lane) % count_;
      const int32_t bias = epilogue.bias == nullptr ? 0 : epilogue.bias[channel];
      bias_[lane] =
          static_cast<int32_t>(static_cast<uint32_t>(bias) -
                               static_cast<uint32_t>(zero) * static_cast<uint32_t>(sums[channel]));
      scales_[lane] =
          epilogue.scale_count == 0 ? 1 : epilogue.scales[epilogue.scale_count == 1 ? 0 : channel];
      plain_scales_[lane] =
          epilogue.scale_count == 0
              ? 1
              : epilogue.scales[epilogue.scale_count == 1 ? 0 : start_ + lane % count_];
    }
    run_.bias = bias_;
    run_.scales = scales_;
    run_.zero_point = epilogue.zero_point;
    run_.clamp_min = epilogue.clamp_min;
    run_.clamp_max = epilogue.clamp_max;
    run_.acc = acc_;
  }

  void fill(size_t image, size_t y, size_t x, size_t columns) {
    const ptrdiff_t left =
        static_cast<ptrdiff_t>(x * shape_.stride_w) - static_cast<ptrdiff_t>(shape_.pad_left);
    const ptrdiff_t dilation = static_cast<ptrdiff_t>(shape_.dilation_w);
    for (size_t plane = 0; plane < planes_of(shape_); ++plane) {
      int16_t* out = scratch_ + plane * columns_ * kDepthwiseColumn;
      const PixelRow first{input_row(image, y, 2 * plane), left};
      const PixelRow below{input_row(image, y, 2 * plane + 1), left};
      const PixelRow beside{first.pixels, left + dilation};
      const PixelRow& second = 2 * plane + 1 < shape_.kernel.kernel_h ? below : beside;
      if (count_ == kDepthwiseBlock) {
        fill_plane(first, second, columns, out);
      } else {
        fill_narrow_plane(first, second, columns, out);
      }
    }
  }

  const uint8_t* input_row(size_t image, size_t y, size_t kh) const {
    const size_t padded = y * shape_.stride_h + kh * shape_.dilation_h;
    if (padded < shape_.pad_top || padded - shape_.pad_top >= shape_.height) return nullptr;
    const size_t row = image * shape_.height + padded - shape_.pad_top;
    return static_cast<const uint8_t*>(args_.input) + row * shape_.width * channels_ + start_;
  }

  // In pieces within which each of the two rows is either pixels or padding.
  void fill_plane(const PixelRow& a, const PixelRow& b, size_t columns, int16_t* out) {
    const ptrdiff_t width = static_cast<ptrdiff_t>(shape_.width);
    const ptrdiff_t end = static_cast<ptrdiff_t>(columns);
    ptrdiff_t at = 0;
    while (at < end) {
      ptrdiff_t next = end;
      for (ptrdiff_t edge : {-a.first, width - a.first, -b.first, width - b.first}) {
        if (edge > at) next = std::min(next, edge);
      }
      interleave(a, b, at, static_cast<size_t>(next - at),
                 out + static_cast<size_t>(at) * kDepthwiseColumn);
      at = next;
    }
  }

  // Blocks are wider than these pixels, and must not read over the end of the image.
  void fill_narrow_plane(const PixelRow& a, const PixelRow& b, size_t columns, int16_t* out) {
    copy_row(a, columns, rows_[0]);
    copy_row(b, columns, rows_[1]);
    kernels_.interleave({rows_[0], rows_[1], channels_, channels_, columns, flip(), out});
  }

  // Pixels and padding of a row, side by side.
  void copy_row(const PixelRow& row, size_t columns, uint8_t* out) const {
    std::memset(out, args_.input_zero_point, columns * channels_);
    if (row.pixels == nullptr) return;
    const ptrdiff_t end = static_cast<ptrdiff_t>(columns);
    const ptrdiff_t width = static_cast<ptrdiff_t>(shape_.width);
    const ptrdiff_t from = std::clamp<ptrdiff_t>(-row.first, 0, end);
    const ptrdiff_t to = std::clamp<ptrdiff_t>(width - row.first, from, end);
    if (from == to) return;
    std::memcpy(out + static_cast<size_t>(from) * channels_,
                row.pixels + static_cast<size_t>(row.first + from) * channels_,
                static_cast<size_t>(to - from) * channels_);
  }

  uint8_t flip() const { return args_.input_type == OCTAVO_S8 ? 0x80 : 0; }

  bool is_padding(const PixelRow& row, ptrdiff_t at) const {
    const ptrdiff_t x = row.first + at;
    return row.pixels == nullptr || x < 0 || x >= static_cast<ptrdiff_t>(shape_.width);
  }

  void interleave(const PixelRow& a, const PixelRow& b, ptrdiff_t at, size_t count, int16_t* out) {
    const auto pixel = [&](const PixelRow& row) {
      return is_padding(row, at) ? padding_
                                 : row.pixels + static_cast<size_t>(row.first + at) * channels_;
    };
    const size_t a_stride = is_padding(a, at) ? 0 : channels_;
    const size_t b_stride = is_padding(b, at) ? 0 : channels_;
    kernels_.interleave({pixel(a), pixel(b), a_stride, b_stride, count, flip(), out});
  }

  // The strip's results from output element `first` on.
  void finish(size_t first, size_t outputs) {
    if (epilogue_kind(args_.epilogue.output) != EpilogueKind::q8) {
      return finish_sums(first, outputs);
    }
    uint8_t* out = static_cast<uint8_t*>(args_.out) + first;
    if (count_ == kDepthwiseBlock) {
      run_.out = out;
      run_.out_stride = channels_;
      return kernels_.run_q8(run_);
    }
    // Each block writes over the lanes of the one before that belong to no pixel.
    run_.out = reinterpret_cast<uint8_t*>(acc_);
    run_.out_stride = block_outputs_ * channels_;
    kernels_.run_q8(run_);
    std::memcpy(out, run_.out, outputs * channels_);
  }

  void finish_sums(size_t first, size_t outputs) {
    kernels_.run_s32(run_);
    const octavo_epilogue& epilogue = args_.epilogue;
    EpilogueTile tile{};
    tile.rows = outputs;
    tile.columns = count_;
    tile.acc = acc_;
    tile.acc_stride = kDepthwiseBlock / block_outputs_;
    tile.scales = plain_scales_;
    tile.float_bias = epilogue.float_bias == nullptr ? nullptr : epilogue.float_bias + start_;
    tile.out = static_cast<uint8_t*>(args_.out) + first * output_bytes(epilogue.output);
    tile.out_stride = channels_;
    finish_(tile);
  }

  const octavo_conv2d_args& args_;
  const ConvShape& shape_;
  const DepthwiseRowsKernels& kernels_;
  size_t channels_, start_, count_;
  size_t block_outputs_;
  size_t columns_;  // of one plane of the scratch
  EpilogueFn finish_;
  DepthwiseRowRun run_{};
  uint32_t offsets_[kMaxPairs];
  uint8_t padding_[kDepthwiseBlock];
  uint8_t rows_[2][(kScratchColumns + 1) * kDepthwiseBlock];
  alignas(kCacheLine) int32_t bias_[kDepthwiseBlock];
  alignas(kCacheLine) float scales_[kDepthwiseBlock];
  alignas(kCacheLine) float plain_scales_[kDepthwiseBlock];
  alignas(kCacheLine) int16_t scratch_[kScratchColumns * kDepthwiseColumn];
  alignas(kCacheLine) int32_t acc_[kMaxOutputs * kDepthwiseBlock];
};

}  // namespace

bool depthwise_rows_fit(const ConvShape& shape) {
  const size_t planes = planes_of(shape);
  return planes <= kScratchColumns && shape.kernel.kernel_w <= kScratchColumns &&
         shape.dilation_w <= kScratchColumns && planes * shape.kernel.kernel_w <= kMaxPairs &&
         columns_of(shape, 1) <= kScratchColumns / planes;
}

void depthwise_rows(const octavo_conv2d_args& args, const ConvShape& shape,
                    const PackedDepthwiseRows& weights, IsaSet available) {
  const DepthwiseRowsKernels& kernels = select_tier(kTiers, available);
  const size_t strip = strip_outputs(shape);
  const size_t blocks = div_up(shape.kernel.out_channels, kDepthwiseBlock);
  const size_t rows = args.batch * shape.out_height;
  parallel_ranges(rows, kRowsPerTask, [&](size_t first, size_t count) {
    for (size_t index = 0; index < blocks; ++index) {
      Block block(args, shape, weights, index, kernels, available);
      for (size_t row = first; row < first + count; ++row) {
        block.row(row / shape.out_height, row % shape.out_height, strip);
      }
    }
  });
}

}  // namespace octavo
