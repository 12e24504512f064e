#include "reference/reference_gemm.h"

#include "reference/reference_requantize.h"

namespace octavo::reference {
namespace {

int32_t element(const void* data, octavo_type type, size_t index) {
  return type == OCTAVO_S8 ? static_cast<const int8_t*>(data)[index]
                           : static_cast<const uint8_t*>(data)[index];
}

int32_t zero_point(const int32_t* values, size_t count, size_t index) {
  if (count == 0) return 0;
  return values[count == 1 ? 0 : index];
}

void store(const octavo_epilogue& epilogue, uint32_t sum, size_t row, size_t column, size_t index,
           size_t residual_index, void* out) {
  if (epilogue.bias != nullptr) sum += static_cast<uint32_t>(epilogue.bias[column]);
  const int32_t acc = static_cast<int32_t>(sum);
  if (epilogue.output == OCTAVO_S32) {
    static_cast<int32_t*>(out)[index] = acc;
    return;
  }
  const float scale = epilogue.scales[epilogue.scale_count == 1 ? 0 : column];
  if (epilogue.output == OCTAVO_F32) {
    const float* row_scale = epilogue.row_scales == nullptr ? nullptr : epilogue.row_scales + row;
    float y = dequantize(acc, scale, row_scale);
    if (epilogue.float_bias != nullptr) y += epilogue.float_bias[column];
    static_cast<float*>(out)[index] = y;
    return;
  }
  const int32_t y =
      requantize(acc, scale, epilogue.zero_point, epilogue.clamp_min, epilogue.clamp_max);
  static_cast<uint8_t*>(out)[index] = static_cast<uint8_t>(finish(epilogue, y, residual_index));
}

// One output pixel of one output channel; padding equals the zero point and adds nothing.
uint32_t convolve_at(const octavo_conv2d_args& args, const octavo_conv2d_weights& weights,
                     size_t image, size_t channel, size_t top, size_t left) {
  const size_t per_group = weights.out_channels / weights.groups;
  const size_t first_input = channel / per_group * weights.group_channels;
  const size_t channels = weights.groups * weights.group_channels;
  const int32_t weight_zero = zero_point(weights.zero_points, weights.zero_point_count, channel);
  uint32_t sum = 0;
  for (size_t c = 0; c < weights.group_channels; ++c) {
    for (size_t kh = 0; kh < weights.kernel_h; ++kh) {
      for (size_t kw = 0; kw < weights.kernel_w; ++kw) {
        const size_t y = top + kh * args.dilation_h, x = left + kw * args.dilation_w;
        if (y < args.pad_top || y - args.pad_top >= args.height) continue;
        if (x < args.pad_left || x - args.pad_left >= args.width) continue;
        const size_t row = y - args.pad_top, column = x - args.pad_left;
        const size_t in = first_input + c;
        const size_t index =
            args.input_layout == OCTAVO_NCHW
                ? ((image * channels + in) * args.height + row) * args.width + column
                : ((image * args.height + row) * args.width + column) * channels + in;
        const size_t tap =
            ((channel * weights.group_channels + c) * weights.kernel_h + kh) * weights.kernel_w +
            kw;
        sum += static_cast<uint32_t>(
            (element(args.input, args.input_type, index) - args.input_zero_point) *
            (element(weights.data, weights.type, tap) - weight_zero));
      }
    }
  }
  return sum;
}

}  // namespace

void matmul(const octavo_matmul_args& args, const octavo_weights& rhs) {
  for (size_t i = 0; i < args.m; ++i) {
    const int32_t za = zero_point(args.lhs_zero_points, args.lhs_zero_point_count, i);
    for (size_t j = 0; j < rhs.n; ++j) {
      const int32_t zb = zero_point(rhs.zero_points, rhs.zero_point_count, j);
      uint32_t sum = 0;
      for (size_t k = 0; k < rhs.k; ++k) {
        const int32_t a = element(args.lhs, args.lhs_type, i * args.lhs_stride + k) - za;
        const int32_t b = element(rhs.data, rhs.type, k * rhs.k_stride + j * rhs.n_stride) - zb;
        sum += static_cast<uint32_t>(a * b);
      }
      store(args.epilogue, sum, i, j, i * args.out_stride + j, i * args.epilogue.residual.stride + j,
            args.out);
    }
  }
}

void conv2d(const octavo_conv2d_args& args, const octavo_conv2d_weights& weights, size_t height,
            size_t width) {
  for (size_t image = 0; image < args.batch; ++image) {
    for (size_t channel = 0; channel < weights.out_channels; ++channel) {
      for (size_t y = 0; y < height; ++y) {
        for (size_t x = 0; x < width; ++x) {
          const uint32_t sum =
              convolve_at(args, weights, image, channel, y * args.stride_h, x * args.stride_w);
          const size_t index =
              args.output_layout == OCTAVO_NCHW
                  ? ((image * weights.out_channels + channel) * height + y) * width + x
                  : ((image * height + y) * width + x) * weights.out_channels + channel;
          store(args.epilogue, sum, 0, channel, index, index, args.out);
        }
      }
    }
  }
}

}  // namespace octavo::reference
