#include "float_conv/float_conv2d.h"

#include "float_conv/conv_task.h"
#include "float_gemm/float_gemm.h"
#include "threading/failure.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

bool is_product(const octavo_float_conv2d_args& args, const PackedFloatConv2d& weights) {
  return weights.kernel_h == 1 && weights.kernel_w == 1 && weights.groups == 1 &&
         args.stride_h == 1 && args.stride_w == 1 && args.pad_top == 0 && args.pad_left == 0 &&
         args.pad_bottom == 0 && args.pad_right == 0 && args.input_layout == OCTAVO_NHWC &&
         args.output_layout == OCTAVO_NHWC;
}

}  // namespace

void float_conv2d(const octavo_float_conv2d_args& args, const PackedFloatConv2d& weights,
                  size_t out_height, size_t out_width) {
  if (args.batch == 0 || weights.out_channels == 0 || out_height == 0 || out_width == 0) return;
  if (is_product(args, weights)) {
    octavo_float_matmul_args product{};
    product.lhs = args.input;
    product.m = args.batch * args.height * args.width;
    product.lhs_stride = weights.group_channels;
    product.lhs_k_stride = 1;
    product.epilogue = args.epilogue;
    product.epilogue.residual_stride = weights.out_channels;
    product.out = args.out;
    product.out_stride = weights.out_channels;
    product.threads = args.threads;
    return float_gemm(product, weights.weights[0]);
  }
  const bool channels_last = args.input_layout == OCTAVO_NHWC && args.output_layout == OCTAVO_NHWC;
  if (channels_last && weights.depthwise.run != nullptr) {
    const DepthwiseShape shape{weights.out_channels, weights.kernel_h, weights.kernel_w, out_height,
                               out_width};
    return float_depthwise(args, shape, weights.depthwise);
  }
  const ConvTasks tasks(args, weights, out_height, out_width);
  Failure failure;
  parallel_for(tasks.count(), args.threads, [&](size_t task) { tasks.run(task, failure); });
  failure.rethrow();
}

}  // namespace octavo
