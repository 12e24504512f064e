#include "bindings.h"
#include "conv2d_geometry.h"
#include "epilogue_arguments.h"
#include "native_handle.h"

namespace octavo::napi {

Napi::Value pack_conv2d(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "packConv2d");
  const Elements data = arguments.bytes(0, "data");
  octavo_conv2d_weights weights{};
  weights.data = data.data;
  weights.type = data.type;
  weights.out_channels = arguments.size(1, "outChannels");
  weights.group_channels = arguments.size(2, "groupChannels");
  weights.kernel_h = arguments.size(3, "kernelH");
  weights.kernel_w = arguments.size(4, "kernelW");
  weights.groups = arguments.size(5, "groups");
  arguments.require_exactly("data", data.count,
                            CheckedSize(weights.out_channels)
                                .times(weights.group_channels)
                                .times(weights.kernel_h)
                                .times(weights.kernel_w));
  const Elements zero_points = arguments.optional(6, "zeroPoints", OCTAVO_S32);
  weights.zero_points = static_cast<const int32_t*>(zero_points.data);
  weights.zero_point_count = zero_points.count;
  octavo_packed_conv2d* packed = nullptr;
  arguments.require_ok(octavo_pack_conv2d(&weights, &packed));
  return Conv2dHandle::wrap(call.Env(), packed);
}

void conv2d(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "conv2d");
  octavo_conv2d_args args{};
  args.weights = Conv2dHandle::unwrap(arguments, 0).get();
  const size_t in_channels = octavo_packed_conv2d_in_channels(args.weights);
  const size_t out_channels = octavo_packed_conv2d_out_channels(args.weights);
  const Elements input = arguments.bytes(1, "input");
  args.input = input.data;
  args.input_type = input.type;
  read_geometry(arguments, 2, args);
  args.input_zero_point = arguments.integer(3, "inputZeroPoint");
  arguments.require_exactly(
      "input", input.count,
      CheckedSize(args.batch).times(in_channels).times(args.height).times(args.width));
  size_t height = 0, width = 0;
  arguments.require_ok(octavo_conv2d_output_size(&args, &height, &width));
  const EpilogueArguments epilogue = read_epilogue(arguments, 4, 0, out_channels);
  args.epilogue = epilogue.epilogue;
  args.out = epilogue.out.data;
  const CheckedSize outputs =
      CheckedSize(args.batch).times(out_channels).times(height).times(width);
  arguments.require_exactly("out", epilogue.out.count, outputs);
  if (epilogue.residual.present) {
    arguments.require_exactly("residual", epilogue.residual.count, outputs);
  }
  arguments.require_ok(octavo_conv2d(&args));
}

}  // namespace octavo::napi
