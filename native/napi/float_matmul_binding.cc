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
  args.lhs_k_stride = 1;
  read_float_rows(arguments, 1, k, args);
  read_float_outputs(arguments, 4, n, args);
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
