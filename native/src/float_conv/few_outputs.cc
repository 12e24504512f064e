#include "float_conv/few_outputs.h"

#include "float_conv/weight_at.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<DotTileKernels> kTiers[] = {
#define OCTAVO_DOT_TILE_TIER(isa, tier) {isa, &dot_tile_##tier},
#ifdef OCTAVO_X86
    OCTAVO_DOT_TILE_TIER(isa::avx512, x86_avx512)
#endif
        OCTAVO_TIERS(OCTAVO_DOT_TILE_TIER)
#undef OCTAVO_DOT_TILE_TIER
};

constexpr size_t kLeastK = 96;

// NaN stays NaN.
float activated(const octavo_float_epilogue& epilogue, float x) {
  const float alpha = epilogue.alpha, beta = epilogue.beta;
  const auto clamp = [](float value, float low, float high) {
    const float above = value < low ? low : value;
    return above > high ? high : above;
  };
  switch (epilogue.activation) {
    case OCTAVO_CLIP:
      return clamp(x, alpha, beta);
    case OCTAVO_LEAKY_RELU:
      return x < 0 ? alpha * x : x;
    case OCTAVO_HARD_SIGMOID:
      return clamp(alpha * x + beta, 0, 1);
    case OCTAVO_HARD_SWISH:
      return x * clamp(alpha * x + beta, 0, 1);
    default:
      return x;
  }
}

}  // namespace

FewOutputs pack_few_outputs(const octavo_float_conv2d_weights& weights, IsaSet available) {
  const size_t taps = weights.kernel_h * weights.kernel_w, channels = weights.group_channels;
  const size_t k = taps * channels;
  if (weights.out_channels / weights.groups > kDotColumns || k < kLeastK) return {};
  if (weights.kernel_w * channels < FewOutputs::kLeastDepth) return {};
  FewOutputs packed{select_tier(kTiers, available).run,
                    AlignedBuffer<float>(weights.out_channels * k)};
  float* to = packed.values.data();
  for (size_t output = 0; output < weights.out_channels; ++output) {
    for (size_t tap = 0; tap < taps; ++tap) {
      for (size_t channel = 0; channel < channels; ++channel) {
        *to++ = weight_at(weights, (output * channels + channel) * taps + tap);
      }
    }
  }
  return packed;
}

void multiply_few(const RowBlock& block, DotTileFn run, const float* weights, size_t columns) {
  const octavo_float_epilogue& epilogue = block.epilogue;
  float sums[kBlockRows * kDotColumns];
  run({block.rows, block.row_count, block.runs, block.run_count, block.depth, weights,
       block.run_count * block.depth, columns, sums});
  const float* sum = sums;
  for (size_t i = 0; i < block.row_count; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      float x = *sum++;
      if (epilogue.bias != nullptr) x += epilogue.bias[j];
      if (epilogue.residual != nullptr) x += epilogue.residual[i * epilogue.residual_stride + j];
      block.out[i * block.out_stride + j] = activated(epilogue, x);
    }
  }
}

}  // namespace octavo
