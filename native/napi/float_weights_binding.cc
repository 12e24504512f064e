#include "bindings.h"
#include "native_handle.h"

namespace octavo::napi {
namespace {

// Arguments `index` and `index + 1`: floats or the bits of 16-bit floats, and whether those are
// bfloat16.
Elements float_weights(const Arguments& arguments, size_t index) {
  const octavo_type half = arguments.boolean(index + 1, "bfloat16") ? OCTAVO_BF16 : OCTAVO_F16;
  Elements elements =
      arguments.one_of(index, "data", {OCTAVO_F32, OCTAVO_U16}, "a Float32Array or Uint16Array");
  if (elements.type == OCTAVO_U16) elements.type = half;
  return elements;
}

}  // namespace

Napi::Value pack_float_matrix(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "packFloatMatrix");
  const Elements data = float_weights(arguments, 0);
  octavo_float_weights weights{};
  weights.data = data.data;
  weights.type = data.type;
  weights.k = arguments.size(2, "k");
  weights.n = arguments.size(3, "n");
  weights.k_stride = arguments.size(4, "kStride");
  weights.n_stride = arguments.size(5, "nStride");
  weights.compute = arguments.boolean(6, "inBfloat16") ? OCTAVO_COMPUTE_BF16 : OCTAVO_COMPUTE_F32;
  // Strides that overlap would let a few elements ask for any amount of packed memory.
  arguments.require_at_least("data", data.count, CheckedSize(weights.k).times(weights.n));
  if (weights.k != 0 && weights.n != 0) {
    const CheckedSize last_column = CheckedSize(weights.n - 1).times(weights.n_stride);
    arguments.require_at_least(
        "data", data.count,
        CheckedSize(weights.k - 1).times(weights.k_stride).plus(last_column.value()).plus(1));
  }
  octavo_packed_float* packed = nullptr;
  arguments.require_ok(octavo_pack_float(&weights, &packed));
  return FloatMatrixHandle::wrap(call.Env(), packed);
}

Napi::Value pack_float_conv2d(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "packFloatConv2d");
  const Elements data = float_weights(arguments, 0);
  octavo_float_conv2d_weights weights{};
  weights.data = data.data;
  weights.type = data.type;
  weights.out_channels = arguments.size(2, "outChannels");
  weights.group_channels = arguments.size(3, "groupChannels");
  weights.kernel_h = arguments.size(4, "kernelH");
  weights.kernel_w = arguments.size(5, "kernelW");
  weights.groups = arguments.size(6, "groups");
  const CheckedSize elements = CheckedSize(weights.out_channels)
                                   .times(weights.group_channels)
                                   .times(weights.kernel_h)
                                   .times(weights.kernel_w);
  arguments.require_at_least("data", data.count, elements);
  arguments.require_count("data", data.count, elements.value());
  octavo_packed_float_conv2d* packed = nullptr;
  arguments.require_ok(octavo_pack_float_conv2d(&weights, &packed));
  return FloatConv2dHandle::wrap(call.Env(), packed);
}

}  // namespace octavo::napi
