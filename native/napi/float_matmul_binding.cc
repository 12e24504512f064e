#include "bindings.h"
#include "conv2d_geometry.h"
#include "float_epilogue_arguments.h"
#include "native_handle.h"

namespace octavo::napi {
void float_matmul(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "floatMatmul");
  octavo_float_matmul_args args{};
  args.rhs = FloatMatrixHandle::unwrap(arguments, 0).get();
  const size_t k = octavo_packed_float_k(args.rhs), n = octavo_packed_float_n(args.rhs);
  const Elements lhs = arguments.one_of(1, "lhs", {OCTAVO_F32}, "a Float32Array");
  args.lhs = static_cast<const float*>(lhs.data);
  args.m = arguments.size(2, "m");
  args.lhs_stride = arguments.size(3, "lhsStride");
  args.lhs_k_stride = 1;
  arguments.require_at_least("lhs", lhs.count, span_of_rows(args.m, k, args.lhs_stride));
  args.epilogue.bias = optional_floats(arguments, 4, "bias", CheckedSize(n));
  args.epilogue.residual_stride = arguments.size(6, "residualStride");
  args.epilogue.residual = optional_floats(arguments, 5, "residual",
                                           span_of_rows(args.m, n, args.epilogue.residual_stride));
  read_activation(arguments, 7, args.epilogue);
  const Elements out = arguments.one_of(8, "out", {OCTAVO_F32}, "a Float32Array");
  args.out = static_cast<float*>(out.data);
  args.out_stride = arguments.size(9, "outStride");
  arguments.require_at_least("out", out.count, span_of_rows(args.m, n, args.out_stride));
  args.threads = read_threads(arguments, 10);
  arguments.require_ok(octavo_float_matmul(&args));
}

void float_conv2d(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "floatConv2d");
  octavo_float_conv2d_args args{};
  args.weights = FloatConv2dHandle::unwrap(arguments, 0).get();
  const size_t in_channels = octavo_packed_float_conv2d_in_channels(args.weights);
  const size_t out_channels = octavo_packed_float_conv2d_out_channels(args.weights);
  const Elements input = arguments.one_of(1, "input", {OCTAVO_F32}, "a Float32Array");
  args.input = static_cast<const float*>(input.data);
  read_geometry(arguments, 2, args);
  arguments.require_exactly(
      "input", input.count,
      CheckedSize(args.batch).times(in_channels).times(args.height).times(args.width));
  size_t height = 0, width = 0;
  arguments.require_ok(octavo_float_conv2d_output_size(&args, &height, &width));
  const CheckedSize outputs =
      CheckedSize(args.batch).times(out_channels).times(height).times(width);
  args.epilogue.bias = optional_floats(arguments, 3, "bias", CheckedSize(out_channels));
  args.epilogue.residual = optional_floats(arguments, 4, "residual", outputs);
  read_activation(arguments, 5, args.epilogue);
  const Elements out = arguments.one_of(6, "out", {OCTAVO_F32}, "a Float32Array");
  args.out = static_cast<float*>(out.data);
  arguments.require_exactly("out", out.count, outputs);
  args.threads = read_threads(arguments, 7);
  arguments.require_ok(octavo_float_conv2d(&args));
}

}  // namespace octavo::napi
