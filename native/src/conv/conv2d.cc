#include "conv/conv2d.h"

#include <algorithm>

#include "base/math.h"
#include "conv/depthwise.h"
#include "conv/im2col.h"
#include "conv/transpose.h"
#include "epilogue/epilogue_panel.h"
#include "gemm/gemm.h"
#include "gemm/select.h"

namespace octavo {
namespace {

// Bounds the pixels whose inputs and outputs exist as matrices at one time.
constexpr size_t kBlockBytes = 128 * 1024;
constexpr size_t kMinPixels = 48;

size_t block_pixels(const ConvShape& shape, size_t element_bytes) {
  const size_t in = shape.kernel.taps() * shape.kernel.group_channels;
  const size_t out = shape.kernel.group_out_channels() * element_bytes;
  const size_t pixels = kBlockBytes / std::max<size_t>({in, out, 1});
  return std::min(shape.out_pixels(), std::max(kMinPixels, pixels));
}

// One group's weights from ONNX's [out][channel][tap] to a K of [tap][channel].
PackedRhs pack_group(const octavo_conv2d_weights& weights, const KernelShape& shape, size_t group,
                     const PackedLayout& layout) {
  const size_t outputs = shape.group_out_channels(), taps = shape.taps();
  const size_t k = taps * shape.group_channels;
  const uint8_t* source = static_cast<const uint8_t*>(weights.data) + group * outputs * k;
  AlignedBuffer<uint8_t> reordered(outputs * k);
  for (size_t o = 0; o < outputs; ++o) {
    transpose(source + o * k, shape.group_channels, taps, taps, reordered.data() + o * k,
              shape.group_channels, 1);
  }
  octavo_weights matrix{};
  matrix.data = reordered.data();
  matrix.type = weights.type;
  matrix.k = k;
  matrix.n = outputs;
  matrix.k_stride = 1;
  matrix.n_stride = k;
  matrix.zero_points = weights.zero_points;
  matrix.zero_point_count = weights.zero_point_count;
  if (weights.zero_point_count > 1) {
    matrix.zero_points += group * outputs;
    matrix.zero_point_count = outputs;
  }
  return pack_rhs(matrix, layout);
}

octavo_epilogue group_epilogue(octavo_epilogue epilogue, size_t first_channel, size_t channels) {
  if (epilogue.bias != nullptr) epilogue.bias += first_channel;
  if (epilogue.float_bias != nullptr) epilogue.float_bias += first_channel;
  if (epilogue.scale_count > 1) {
    epilogue.scales += first_channel;
    epilogue.scale_count = channels;
  }
  return epilogue;
}

// Runs images whose pixels are rows [in_channels], through products of [pixels] x [outputs].
class PixelRows {
 public:
  PixelRows(const octavo_conv2d_args& args, const PackedConv2d& weights, const ConvShape& shape,
            IsaSet available)
      : args_(args),
        weights_(weights),
        shape_(shape),
        available_(available),
        element_(output_bytes(args.epilogue.output)),
        k_(shape.kernel.taps() * shape.kernel.group_channels),
        block_pixels_(block_pixels(shape, element_)) {
    if (!shape.is_pointwise()) columns_ = AlignedBuffer<uint8_t>(block_pixels_ * k_);
    if (args.output_layout == OCTAVO_NCHW) {
      products_ =
          AlignedBuffer<uint8_t>(block_pixels_ * shape.kernel.group_out_channels() * element_);
    }
  }

  void run(const uint8_t* image, uint8_t* out) {
    const size_t pixels = shape_.out_pixels();
    for (size_t first = 0; first < pixels; first += block_pixels_) {
      const size_t count = std::min(block_pixels_, pixels - first);
      for (size_t group = 0; group < weights_.groups.size(); ++group) {
        run_block(image, group, first, count, out);
      }
    }
  }

 private:
  void run_block(const uint8_t* image, size_t group, size_t first, size_t count, uint8_t* out) {
    const size_t outputs = shape_.kernel.group_out_channels();
    const size_t first_channel = group * outputs;
    GemmProblem problem{};
    set_rows(image, group, first, count, problem);
    problem.lhs_type = args_.input_type;
    problem.m = count;
    problem.lhs_zero_points = &args_.input_zero_point;
    problem.lhs_zero_point_count = 1;
    problem.rhs = &weights_.groups[group];
    problem.epilogue = group_epilogue(args_.epilogue, first_channel, outputs);
    if (args_.output_layout == OCTAVO_NHWC) {
      problem.out_stride = shape_.kernel.out_channels;
      problem.out = out + (first * problem.out_stride + first_channel) * element_;
      return gemm(problem, available_);
    }
    problem.out_stride = outputs;
    problem.out = products_.data();
    gemm(problem, available_);
    transpose(products_.data(), count, outputs, outputs,
              out + (first_channel * shape_.out_pixels() + first) * element_, shape_.out_pixels(),
              element_);
  }

  void set_rows(const uint8_t* image, size_t group, size_t first, size_t count,
                GemmProblem& problem) {
    if (shape_.is_pointwise()) {
      problem.lhs_stride = shape_.kernel.in_channels();
      problem.lhs = image + first * problem.lhs_stride + group * shape_.kernel.group_channels;
      return;
    }
    const uint8_t pad = static_cast<uint8_t>(args_.input_zero_point);
    im2col(image, shape_, group, pad, first, count, columns_.data());
    problem.lhs_stride = k_;
    problem.lhs = columns_.data();
  }

  const octavo_conv2d_args& args_;
  const PackedConv2d& weights_;
  const ConvShape& shape_;
  IsaSet available_;
  size_t element_;
  size_t k_;
  size_t block_pixels_;
  AlignedBuffer<uint8_t> columns_;
  AlignedBuffer<uint8_t> products_;
};

void run_pixel_rows(const octavo_conv2d_args& args, const PackedConv2d& weights,
                    const ConvShape& shape, IsaSet available) {
  const size_t channels = shape.kernel.in_channels();
  const size_t image_bytes = channels * shape.pixels();
  const size_t out_bytes =
      shape.kernel.out_channels * shape.out_pixels() * output_bytes(args.epilogue.output);
  const bool planes = args.input_layout == OCTAVO_NCHW;
  AlignedBuffer<uint8_t> rows(planes ? image_bytes : 0);
  PixelRows products(args, weights, shape, available);
  const uint8_t* image = static_cast<const uint8_t*>(args.input);
  uint8_t* out = static_cast<uint8_t*>(args.out);
  for (size_t i = 0; i < args.batch; ++i, image += image_bytes, out += out_bytes) {
    if (planes)
      transpose(image, channels, shape.pixels(), shape.pixels(), rows.data(), channels, 1);
    products.run(planes ? rows.data() : image, out);
  }
}

void run_depthwise(const octavo_conv2d_args& args, const PackedConv2d& weights,
                   const ConvShape& shape, IsaSet available) {
  const size_t channels = shape.kernel.in_channels(), outputs = shape.kernel.out_channels;
  const size_t element = output_bytes(args.epilogue.output);
  const size_t image_bytes = channels * shape.pixels();
  const size_t out_bytes = outputs * shape.out_pixels() * element;
  const bool in_rows = args.input_layout == OCTAVO_NHWC;
  const bool out_rows = args.output_layout == OCTAVO_NHWC;
  AlignedBuffer<uint8_t> in_planes(in_rows ? image_bytes : 0);
  AlignedBuffer<uint8_t> out_planes(out_rows ? out_bytes : 0);
  const uint8_t* image = static_cast<const uint8_t*>(args.input);
  uint8_t* out = static_cast<uint8_t*>(args.out);
  for (size_t i = 0; i < args.batch; ++i, image += image_bytes, out += out_bytes) {
    if (in_rows) {
      transpose(image, shape.pixels(), channels, channels, in_planes.data(), shape.pixels(), 1);
    }
    depthwise(in_rows ? in_planes.data() : image, args, shape, weights.depthwise_taps.data(),
              out_rows ? out_planes.data() : out, available);
    if (out_rows) {
      transpose(out_planes.data(), outputs, shape.out_pixels(), shape.out_pixels(), out, outputs,
                element);
    }
  }
}

}  // namespace

size_t PackedConv2d::bytes() const {
  size_t total = depthwise_taps.bytes() + depthwise_rows.weights.bytes();
  for (const PackedRhs& group : groups) total += group.bytes();
  return total;
}

PackedConv2d pack_conv2d(const octavo_conv2d_weights& weights, IsaSet available) {
  PackedConv2d packed;
  packed.shape = {weights.out_channels, weights.group_channels, weights.kernel_h, weights.kernel_w,
                  weights.groups};
  if (weights.group_channels == 1 && weights.groups > 1) {
    packed.depthwise_taps = depthwise_taps(weights);
    packed.depthwise_rows = pack_depthwise_rows(weights);
    return packed;
  }
  const PackedLayout& layout = select_microkernel(available).layout;
  packed.groups.reserve(weights.groups);
  for (size_t group = 0; group < weights.groups; ++group) {
    packed.groups.push_back(pack_group(weights, packed.shape, group, layout));
  }
  return packed;
}

void conv2d(const octavo_conv2d_args& args, const PackedConv2d& weights, const ConvShape& shape,
            IsaSet available) {
  const bool rows = args.input_layout == OCTAVO_NHWC && args.output_layout == OCTAVO_NHWC;
  if (weights.depthwise_rows.applies() && rows && depthwise_rows_fit(shape)) {
    depthwise_rows(args, shape, weights.depthwise_rows, available);
  } else if (weights.is_depthwise()) {
    run_depthwise(args, weights, shape, available);
  } else {
    run_pixel_rows(args, weights, shape, available);
  }
}

}  // namespace octavo
