#include "conv/depthwise_quads.h"

#include <algorithm>

#include "base/math.h"
#include "conv/depthwise_band.h"
#include "conv/depthwise_quad_layout.h"
#include "epilogue/epilogue_panel.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

struct NamedKernels {
  IsaSet isa;
  const DepthwiseQuadKernels* kernels;
};

constexpr NamedKernels kTable[] = {
#define OCTAVO_DEPTHWISE_QUADS(isa, name) {isa, &name},
#include "conv/depthwise_quads_kernels.inc"
#undef OCTAVO_DEPTHWISE_QUADS
    {isa::scalar, nullptr},
};

constexpr size_t kMaxQuads = 64;
// Vectors of outputs that a task computes at least: some microseconds.
constexpr size_t kVectorsPerTask = 512;
constexpr size_t kMostRowsPerTask = 16;

QuadKernel quad_kernel(const ConvShape& shape) {
  return {shape.kernel.kernel_h, shape.kernel.kernel_w};
}

// The convolution of one block of channels.
class Block {
 public:
  Block(const octavo_conv2d_args& args, const ConvShape& shape, const PackedDepthwiseQuads& weights,
        size_t index, const ChannelBlock& block, const DepthwiseQuadKernels& kernels)
      : args_(args),
        shape_(shape),
        kernels_(kernels),
        block_(block),
        strip_(shape, block),
        band_(args, shape, block_, strip_, kernels),
        kernel_(quad_kernel(shape)),
        shares_columns_(weights.variants == 2 && shape.stride_h == 1 && shape.dilation_h == 1),
        variant_bytes_(weights.quads * kDepthwiseQuadColumn),
        weights_(weights.weights.data() + index * weights.variants * variant_bytes_) {
    set_offsets();
    set_parameters(weights.sums);
  }

  // `rows` rows of outputs of one image from y on.
  void run(size_t image, size_t y, size_t rows) {
    for (size_t x = 0; x < shape_.out_width; x += strip_.outputs * block_.pixels()) {
      band_.start(image, y * shape_.stride_h, x);
      run_strip(image, y, y + rows, x);
    }
  }

 private:
  void set_offsets() {
    size_t quad = 0;
    for (size_t plane = 0; plane < kernel_.planes(); ++plane) {
      for (size_t kw = 0; kw < kernel_.width; kw += kernel_.columns(plane)) {
        const size_t vectors = plane * strip_.vectors() + strip_.offset(shape_, kw);
        offsets_[quad++] = static_cast<uint32_t>(vectors * kDepthwiseQuadColumn);
      }
    }
    run_.values = columns_;
    run_.offsets = offsets_;
    run_.quads = quad;
    run_.count = strip_.outputs;
  }

  // Products of the input's zero point leave the sums through the bias.
  void set_parameters(const std::vector<int32_t>& sums) {
    const octavo_epilogue& epilogue = args_.epilogue;
    const uint32_t zero = static_cast<uint32_t>(args_.input_zero_point + flip(args_.input_type));
    for (size_t lane = 0; lane < kDepthwiseVector; ++lane) {
      const size_t channel =
          block_.start + std::min(depthwise_quad_byte(lane) % block_.width, block_.count - 1);
      const uint32_t bias =
          epilogue.bias == nullptr ? 0 : static_cast<uint32_t>(epilogue.bias[channel]);
      bias_[lane] = static_cast<int32_t>(bias - zero * static_cast<uint32_t>(sums[channel]));
      scales_[lane] = epilogue.scales[epilogue.scale_count == 1 ? 0 : channel];
    }
    run_.bias = bias_;
    run_.scales = scales_;
    run_.out_flip = flip(epilogue.output);
    run_.zero_point = epilogue.zero_point + run_.out_flip;
    run_.clamp_min = epilogue.clamp_min + run_.out_flip;
    run_.clamp_max = epilogue.clamp_max + run_.out_flip;
  }

  static uint8_t flip(octavo_type type) { return type == OCTAVO_S8 ? 0x80 : 0; }

  void run_strip(size_t image, size_t y, size_t end, size_t x) {
    const size_t window = (kernel_.height - 1) * shape_.dilation_h + 1;
    while (y < end) {
      const size_t rows = shares_columns_ && y + 1 < end ? 2 : 1;
      const size_t top = y * shape_.stride_h, bottom = top + window + rows - 1;
      band_.load_until(bottom);
      interleave(top, bottom);
      for (size_t i = 0; i < rows; ++i, ++y) {
        run_.weights = weights_ + i * variant_bytes_;
        finish((image * shape_.out_height + y) * shape_.out_width, x);
      }
    }
  }

  // Columns of outputs whose window begins at row `top`. A spare row at `bottom` may be any other.
  void interleave(size_t top, size_t bottom) {
    for (size_t plane = 0; plane < kernel_.planes(); ++plane) {
      const size_t rows = kernel_.rows(plane);
      DepthwiseQuadRows quads{{}, strip_.vectors(), flip(args_.input_type), columns_};
      quads.out += plane * strip_.vectors() * kDepthwiseQuadColumn;
      for (size_t i = 0; i < 4; ++i) {
        const size_t y = top + (4 * plane + i % rows) * shape_.dilation_h;
        quads.rows[i] = band_.row(std::min(y, bottom - 1)) +
                        strip_.offset(shape_, i / rows) * kDepthwiseVector;
      }
      kernels_.interleave(quads);
    }
  }

  // The strip of outputs from x on, of the row that begins at pixel `row`.
  void finish(size_t row, size_t x) {
    const size_t channels = shape_.kernel.out_channels;
    uint8_t* out = static_cast<uint8_t*>(args_.out) + block_.start;
    if (block_.count == kDepthwiseVector) {
      run_.count = std::min(strip_.outputs, shape_.out_width - x);
      run_.out = out + (row + x) * channels;
      run_.out_stride = channels;
      return kernels_.run(run_);
    }
    run_.out = outputs_;
    run_.out_stride = kDepthwiseVector;
    kernels_.run(run_);
    for (size_t part = 0; part < block_.pixels() && x < shape_.out_width; ++part) {
      const size_t count = std::min(strip_.outputs, shape_.out_width - x);
      kernels_.copy({block_.count, count, outputs_ + part * block_.width, kDepthwiseVector,
                     out + (row + x) * channels, channels});
      x += count;
    }
  }

  const octavo_conv2d_args& args_;
  const ConvShape& shape_;
  const DepthwiseQuadKernels& kernels_;
  ChannelBlock block_;
  Strip strip_;
  DepthwiseBand band_;
  QuadKernel kernel_;
  bool shares_columns_;
  size_t variant_bytes_;
  const int8_t* weights_;
  DepthwiseQuadRun run_{};
  uint32_t offsets_[kMaxQuads];
  alignas(kCacheLine) int32_t bias_[kDepthwiseVector];
  alignas(kCacheLine) float scales_[kDepthwiseVector];
  alignas(kCacheLine) uint8_t columns_[kColumnVectors * kDepthwiseQuadColumn];
  alignas(kCacheLine) uint8_t outputs_[kColumnVectors * kDepthwiseVector];
};

// How the work is cut: rows of outputs of an image, by blocks of channels.
struct Tasks {
  size_t rows, row_ranges;
  size_t blocks, block_ranges;

  Tasks(const ConvShape& shape, const std::vector<ChannelBlock>& all) {
    const size_t height = shape.out_height;
    rows = div_up(height, div_up(height, kMostRowsPerTask));
    row_ranges = div_up(height, rows);
    const size_t vectors = std::max<size_t>(1, rows * shape.out_width);
    const size_t enough = std::min(all.size(), div_up(kVectorsPerTask, vectors));
    blocks = div_up(all.size(), div_up(all.size(), enough));
    block_ranges = div_up(all.size(), blocks);
  }
};

}  // namespace

const DepthwiseQuadKernels* select_depthwise_quads(IsaSet available) {
  const NamedKernels* candidate = kTable;
  while (!available.contains(candidate->isa)) ++candidate;
  return candidate->kernels;
}

bool depthwise_quads_fit(const octavo_conv2d_args& args, const ConvShape& shape) {
  if (epilogue_kind(args.epilogue.output) != EpilogueKind::q8) return false;
  const QuadKernel kernel = quad_kernel(shape);
  const size_t last = kernel.columns(kernel.planes() - 1);
  const size_t most = kBandVectors;
  return kernel.quads() <= kMaxQuads && kernel.height <= most / shape.dilation_h &&
         kernel.width <= most / shape.dilation_w &&
         (last == 1 || kernel.width <= last || last * shape.dilation_w % shape.stride_w == 0) &&
         Strip(shape, {0, kDepthwiseVector, kDepthwiseVector}).outputs != 0;
}

void depthwise_quads(const octavo_conv2d_args& args, const ConvShape& shape,
                     const PackedDepthwiseQuads& weights, const DepthwiseQuadKernels& kernels) {
  const std::vector<ChannelBlock> blocks = channel_blocks(shape.kernel.out_channels);
  const Tasks tasks(shape, blocks);
  const size_t count = args.batch * tasks.row_ranges * tasks.block_ranges;
  parallel_for(count, 0, [&](size_t task) {
    const size_t image = task / (tasks.row_ranges * tasks.block_ranges);
    const size_t y = task / tasks.block_ranges % tasks.row_ranges * tasks.rows;
    const size_t first = task % tasks.block_ranges * tasks.blocks;
    for (size_t i = first; i < std::min(blocks.size(), first + tasks.blocks); ++i) {
      Block block(args, shape, weights, i, blocks[i], kernels);
      block.run(image, y, std::min(tasks.rows, shape.out_height - y));
    }
  });
}

}  // namespace octavo
