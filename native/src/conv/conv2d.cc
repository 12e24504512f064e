#include "conv/conv2d.h"

#include <cstring>

#include "conv/depthwise.h"
#include "conv/paired_image.h"
#include "conv/pixel_rows.h"
#include "conv/transpose.h"
#include "epilogue/apply_tail.h"
#include "epilogue/epilogue_panel.h"
#include "gemm/select.h"

namespace octavo {
namespace {

// One group's weights from ONNX's [out][channel][tap] to a K of [tap][channel], where zeros follow
// the channels of a tap until there are `channels` of them.
PackedRhs pack_group(const octavo_conv2d_weights& weights, const KernelShape& shape, size_t group,
                     size_t channels, const PackedLayout& layout) {
  const size_t outputs = shape.group_out_channels(), taps = shape.taps();
  const size_t source_k = taps * shape.group_channels, k = taps * channels;
  const uint8_t* source = static_cast<const uint8_t*>(weights.data) + group * outputs * source_k;
  const bool reorders = taps != 1 || channels != shape.group_channels;
  AlignedBuffer<uint8_t> reordered(reorders ? outputs * k : 0);
  if (channels != shape.group_channels) {
    // Packing makes zeros of it.
    std::memset(reordered.data(), weights.type == OCTAVO_U8 ? 0x80 : 0, reordered.size());
  }
  for (size_t o = 0; reorders && o < outputs; ++o) {
    transpose(source + o * source_k, shape.group_channels, taps, taps, reordered.data() + o * k,
              channels, 1);
  }
  octavo_weights matrix{};
  matrix.data = reorders ? reordered.data() : source;
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

void convolve(const octavo_conv2d_args& args, const PackedConv2d& weights, const ConvShape& shape,
              IsaSet available) {
  const bool rows = args.input_layout == OCTAVO_NHWC && args.output_layout == OCTAVO_NHWC;
  if (weights.depthwise_quads.applies() && rows && depthwise_quads_fit(args, shape)) {
    depthwise_quads(args, shape, weights.depthwise_quads, *select_depthwise_quads(available));
  } else if (weights.depthwise_rows.applies() && rows && depthwise_rows_fit(shape)) {
    depthwise_rows(args, shape, weights.depthwise_rows, available);
  } else if (weights.is_depthwise()) {
    run_depthwise(args, weights, shape, available);
  } else {
    pixel_rows(args, weights, shape, available);
  }
}

// Products finish their own rows. Depthwise kernels do not, and planes are transposed from rows to
// which a residual does not belong.
bool finishes_tail(const octavo_conv2d_args& args, const PackedConv2d& weights) {
  return !weights.is_depthwise() && args.output_layout == OCTAVO_NHWC;
}

}  // namespace

size_t PackedConv2d::bytes() const {
  size_t total = depthwise_taps.bytes() + depthwise_rows.weights.bytes() +
                 depthwise_quads.weights.bytes();
  for (const PackedRhs& group : groups) total += group.bytes();
  return total + padded_group.bytes();
}

PackedConv2d pack_conv2d(const octavo_conv2d_weights& weights, IsaSet available) {
  PackedConv2d packed;
  packed.shape = {weights.out_channels, weights.group_channels, weights.kernel_h, weights.kernel_w,
                  weights.groups};
  if (weights.group_channels == 1 && weights.groups > 1) {
    packed.depthwise_taps = depthwise_taps(weights);
    packed.depthwise_rows = pack_depthwise_rows(weights);
    if (select_depthwise_quads(available) != nullptr) {
      packed.depthwise_quads = pack_depthwise_quads(weights, packed.depthwise_taps.data());
    }
    return packed;
  }
  const Microkernel& kernel = select_microkernel(available);
  const size_t channels = weights.group_channels, padded = paired_channels(channels);
  packed.groups.reserve(weights.groups);
  for (size_t group = 0; group < weights.groups; ++group) {
    packed.groups.push_back(pack_group(weights, packed.shape, group, channels, kernel.layout));
  }
  if (kernel.paired != nullptr && weights.groups == 1 && packed.shape.taps() > 1 &&
      padded != channels && channels <= kMaxPairedChannels &&
      !packed.groups.front().has_zero_points()) {
    packed.padded_group = pack_group(weights, packed.shape, 0, padded, kernel.layout);
  }
  return packed;
}

void conv2d(const octavo_conv2d_args& args, const PackedConv2d& weights, const ConvShape& shape,
            IsaSet available) {
  octavo_conv2d_args own = args;
  // The rows of a residual are those of the output.
  own.epilogue.residual.stride = shape.kernel.out_channels;
  if (!has_tail(args.epilogue) || finishes_tail(args, weights)) {
    return convolve(own, weights, shape, available);
  }
  own.epilogue.table = nullptr;
  own.epilogue.residual.data = nullptr;
  convolve(own, weights, shape, available);
  apply_tail(args.epilogue, args.batch * shape.kernel.out_channels * shape.out_pixels(), args.out,
             available);
}

}  // namespace octavo
