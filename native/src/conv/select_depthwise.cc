#include "conv/select_depthwise.h"

namespace octavo {
namespace {

constexpr DepthwiseKernel kTable[] = {
#define OCTAVO_DEPTHWISE(isa, name) {#name, isa, name},
#include "conv/depthwise_kernels.inc"
#undef OCTAVO_DEPTHWISE
};

}  // namespace

DepthwiseTable depthwise_kernels() { return {kTable, kTable + sizeof(kTable) / sizeof(kTable[0])}; }

const DepthwiseKernel& select_depthwise(IsaSet available) {
  const DepthwiseKernel* candidate = kTable;
  while (!available.contains(candidate->isa)) ++candidate;
  return *candidate;
}

}  // namespace octavo
