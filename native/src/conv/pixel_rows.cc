#include "conv/pixel_rows.h"

#include <algorithm>

#include "base/aligned_buffer.h"
#include "conv/im2col.h"
#include "conv/paired_image.h"
#include "conv/transpose.h"
#include "epilogue/epilogue_panel.h"
#include "gemm/gemm.h"
#include "gemm/select.h"

namespace octavo {
namespace {

octavo_epilogue group_epilogue(octavo_epilogue epilogue, size_t first_channel, size_t channels) {
  if (epilogue.bias != nullptr) epilogue.bias += first_channel;
  if (epilogue.float_bias != nullptr) epilogue.float_bias += first_channel;
  if (epilogue.scale_count > 1) {
    epilogue.scales += first_channel;
    epilogue.scale_count = channels;
  }
  return with_residual_from(epilogue, first_channel);
}

// The rows of one group of consecutive images: [pixel][kernel_h][kernel_w][group_channels].
struct GroupRows {
  const uint8_t* images;
  const ConvShape& shape;
  size_t group;
  uint8_t pad;

  static void gather(const void* context, size_t first, size_t count, uint8_t* rows) {
    static_cast<const GroupRows*>(context)->copy(first, count, rows);
  }

  void copy(size_t first, size_t count, uint8_t* rows) const {
    const size_t pixels = shape.out_pixels();
    const size_t row_bytes = shape.kernel.taps() * shape.kernel.group_channels;
    while (count != 0) {
      const size_t image = first / pixels, pixel = first % pixels;
      const size_t some = std::min(count, pixels - pixel);
      im2col(images + image * shape.kernel.in_channels() * shape.pixels(), shape, group, pad, pixel,
             some, rows);
      first += some;
      count -= some;
      rows += some * row_bytes;
    }
  }
};

// Null where rows are better gathered, or weights were packed for a kernel that has no image.
const PairedKernel* image_kernel(const PackedConv2d& weights, const ConvShape& shape,
                                 IsaSet available) {
  const PackedRhs& rhs = weights.groups.front();
  const size_t k = shape.kernel.taps() * paired_channels(shape.kernel.group_channels);
  if (rhs.has_zero_points() || weights.image_weights().k != k || !paired_image_fits(shape)) {
    return nullptr;
  }
  return select_microkernel_for(rhs.layout, available)->paired;
}

void multiply_image(const octavo_conv2d_args& args, const PackedConv2d& weights,
                    const ConvShape& shape, const PairedKernel& kernel, GemmProblem problem,
                    const uint8_t* images, size_t count, IsaSet available) {
  const PairedImage paired(args, shape, kernel);
  const size_t outputs = shape.kernel.out_channels * shape.out_pixels();
  problem.m = shape.out_pixels();
  problem.rhs = &weights.image_weights();
  problem.epilogue = args.epilogue;
  for (size_t i = 0; i < count; ++i) {
    const LhsImage image = paired.load(images + i * shape.kernel.in_channels() * shape.pixels());
    problem.image = &image;
    gemm(problem, available);
    problem.out =
        static_cast<uint8_t*>(problem.out) + outputs * output_bytes(args.epilogue.output);
    problem.epilogue = with_residual_from(problem.epilogue, outputs);
  }
}

// `count` images of pixels [in_channels] to pixels [out_channels]; `kernel` is image_kernel().
void multiply(const octavo_conv2d_args& args, const PackedConv2d& weights, const ConvShape& shape,
              const PairedKernel* kernel, const uint8_t* images, size_t count, uint8_t* out,
              IsaSet available) {
  const size_t outputs = shape.kernel.group_out_channels();
  GemmProblem problem{};
  problem.lhs_type = args.input_type;
  problem.m = count * shape.out_pixels();
  problem.lhs_stride = shape.kernel.in_channels();
  problem.lhs_zero_points = &args.input_zero_point;
  problem.lhs_zero_point_count = 1;
  problem.out_stride = shape.kernel.out_channels;
  if (kernel != nullptr) {
    problem.out = out;
    return multiply_image(args, weights, shape, *kernel, problem, images, count, available);
  }
  for (size_t group = 0; group < weights.groups.size(); ++group) {
    const GroupRows rows{images, shape, group, static_cast<uint8_t>(args.input_zero_point)};
    problem.lhs = images + group * shape.kernel.group_channels;
    if (!shape.is_pointwise()) problem.gather = {GroupRows::gather, &rows};
    problem.rhs = &weights.groups[group];
    problem.epilogue = group_epilogue(args.epilogue, group * outputs, outputs);
    problem.out = out + group * outputs * output_bytes(args.epilogue.output);
    gemm(problem, available);
  }
}

}  // namespace

void pixel_rows(const octavo_conv2d_args& args, const PackedConv2d& weights, const ConvShape& shape,
                IsaSet available) {
  const size_t channels = shape.kernel.in_channels(), outputs = shape.kernel.out_channels;
  const size_t element = output_bytes(args.epilogue.output);
  const size_t image_bytes = channels * shape.pixels();
  const size_t out_bytes = outputs * shape.out_pixels() * element;
  const PairedKernel* kernel = image_kernel(weights, shape, available);
  const bool takes_planes = kernel != nullptr && paired_image_takes_planes(args, shape);
  const bool in_planes = args.input_layout == OCTAVO_NCHW && !takes_planes;
  const uint8_t* images = static_cast<const uint8_t*>(args.input);
  uint8_t* out = static_cast<uint8_t*>(args.out);
  if (!in_planes && args.output_layout == OCTAVO_NHWC) {
    return multiply(args, weights, shape, kernel, images, args.batch, out, available);
  }
  AlignedBuffer<uint8_t> rows(in_planes ? image_bytes : 0);
  AlignedBuffer<uint8_t> products(args.output_layout == OCTAVO_NCHW ? out_bytes : 0);
  octavo_conv2d_args own = args;
  for (size_t i = 0; i < args.batch; ++i, images += image_bytes, out += out_bytes) {
    own.epilogue = with_residual_from(args.epilogue, i * outputs * shape.out_pixels());
    if (in_planes) {
      transpose(images, channels, shape.pixels(), shape.pixels(), rows.data(), channels, 1);
    }
    const uint8_t* image = in_planes ? rows.data() : images;
    if (args.output_layout == OCTAVO_NHWC) {
      multiply(own, weights, shape, kernel, image, 1, out, available);
      continue;
    }
    multiply(own, weights, shape, kernel, image, 1, products.data(), available);
    transpose(products.data(), shape.out_pixels(), outputs, outputs, out, shape.out_pixels(),
              element);
  }
}

}  // namespace octavo
