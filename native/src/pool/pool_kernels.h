// Steps of pooling over rows of channels, tier by tier. (pool/pool.h combines them.)
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_POOL_POOL_KERNELS_H_
#define OCTAVO_SRC_POOL_POOL_KERNELS_H_

#include <stddef.h>
#include <stdint.h>

#include "vector/tiers.h"

namespace octavo {

// into[i] = the larger of the two, or into[i] + in[i].
template <typename In, typename Into>
using PoolStepFn = void (*)(const In* in, size_t count, Into* into);

struct PoolKernels {
  PoolStepFn<uint8_t, uint8_t> max_u8;
  PoolStepFn<int8_t, int8_t> max_s8;
  PoolStepFn<float, float> max_f32;
  PoolStepFn<uint8_t, int32_t> add_u8;
  PoolStepFn<int8_t, int32_t> add_s8;
  PoolStepFn<float, float> add_f32;
};

#define OCTAVO_POOL_TIER(isa, tier) extern const PoolKernels pool_##tier;
OCTAVO_TIERS(OCTAVO_POOL_TIER)
#undef OCTAVO_POOL_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_POOL_POOL_KERNELS_H_
