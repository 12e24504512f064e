#include "conv/depthwise_block_lanes.h"

namespace octavo {

void DepthwiseBlockLanes::set_bias(const octavo_conv2d_args& args, const int32_t* sums) {
  const uint32_t zero = static_cast<uint32_t>(args.input_zero_point + sign_flip(args.input_type));
  const int32_t* bias = args.epilogue.bias;
  int32_t channels[kDepthwiseVector];
  for (size_t i = 0; i < block_.count; ++i) {
    const uint32_t added = bias == nullptr ? 0 : static_cast<uint32_t>(bias[block_.start + i]);
    channels[i] = static_cast<int32_t>(added - zero * static_cast<uint32_t>(sums[i]));
  }
  to_lanes(channels, bias_);
  lanes_.bias = bias_;
}

void DepthwiseBlockLanes::set_scales(const octavo_epilogue& epilogue) {
  float channels[kDepthwiseVector];
  if (epilogue.scale_count == 1) {
    std::fill_n(channels, block_.count, epilogue.scales[0]);
  } else {
    std::copy_n(epilogue.scales + block_.start, block_.count, channels);
  }
  to_lanes(channels, scales_);
  lanes_.scales = scales_;
}

void DepthwiseBlockLanes::set_outputs(const octavo_epilogue& epilogue) {
  lanes_.out_flip = sign_flip(epilogue.output);
  lanes_.zero_point = epilogue.zero_point + lanes_.out_flip;
  lanes_.clamp_min = epilogue.clamp_min + lanes_.out_flip;
  lanes_.clamp_max = epilogue.clamp_max + lanes_.out_flip;
}

}  // namespace octavo
