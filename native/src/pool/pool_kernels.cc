#include "pool/pool_kernels.h"

namespace octavo {
namespace {

// Plain loops: every compiler vectorizes them for the tier's instructions.
template <typename T>
void take_larger(const T* __restrict in, size_t count, T* __restrict into) {
  for (size_t i = 0; i < count; ++i) into[i] = in[i] > into[i] ? in[i] : into[i];
}

template <typename In, typename Into>
void add(const In* __restrict in, size_t count, Into* __restrict into) {
  for (size_t i = 0; i < count; ++i) into[i] += static_cast<Into>(in[i]);
}

}  // namespace

const PoolKernels OCTAVO_TIERED(pool) = {take_larger<uint8_t>, take_larger<int8_t>,
                                         take_larger<float>,   add<uint8_t, int32_t>,
                                         add<int8_t, int32_t>, add<float, float>};

}  // namespace octavo
