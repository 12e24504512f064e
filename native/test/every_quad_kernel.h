// Layers through depthwise convolution by fours of taps, with each kernel that this machine has.
#ifndef OCTAVO_TEST_EVERY_QUAD_KERNEL_H_
#define OCTAVO_TEST_EVERY_QUAD_KERNEL_H_

#include "conv/depthwise.h"
#include "conv/depthwise_quads.h"
#include "depthwise_layer.h"

namespace octavo::test {

struct NamedQuadKernels {
  const char* name;
  IsaSet isa;
  const DepthwiseQuadKernels* kernels;
};

inline constexpr NamedQuadKernels kQuadKernels[] = {
#define OCTAVO_DEPTHWISE_QUADS(isa, name) {#name, isa, &name},
#include "conv/depthwise_quads_kernels.inc"
#undef OCTAVO_DEPTHWISE_QUADS
    {"none", isa::scalar, nullptr},
};

inline void expect_exact_quads(const Layer& layer, Samples& samples) {
  expect_exact(layer, samples, [](const auto& args, const auto& weights, const auto& shape,
                                  const auto& check) {
    ASSERT_TRUE(depthwise_quads_fit(args, shape));
    const AlignedBuffer<int16_t> taps = depthwise_taps(weights);
    const PackedDepthwiseQuads packed = pack_depthwise_quads(weights, taps.data());
    ASSERT_TRUE(packed.applies());
    for (const NamedQuadKernels& candidate : kQuadKernels) {
      if (candidate.kernels == nullptr || !active_isa().contains(candidate.isa)) continue;
      SCOPED_TRACE(candidate.name);
      depthwise_quads(args, shape, packed, *candidate.kernels);
      check();
    }
  });
}

}  // namespace octavo::test

#endif  // OCTAVO_TEST_EVERY_QUAD_KERNEL_H_
