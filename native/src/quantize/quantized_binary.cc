#include "quantize/quantized_binary.h"

#include <cmath>

#include "quantize/quantized_binary_kernels.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<QuantizedBinaryKernels> kTiers[] = {
#define OCTAVO_QUANTIZED_BINARY_TIER(isa, tier) {isa, &quantized_binary_##tier},
    OCTAVO_TIERS(OCTAVO_QUANTIZED_BINARY_TIER)
#undef OCTAVO_QUANTIZED_BINARY_TIER
};

QuantizedSum sum_parameters(const QuantizedBinaryArgs& args) {
  const float a_ratio = args.a_by.scale / args.out_by.scale;
  const float b_ratio = args.b_by.scale / args.out_by.scale;
  const float b_zero = b_ratio * static_cast<float>(args.b_by.zero_point);
  const float zeros = std::fma(a_ratio, static_cast<float>(args.a_by.zero_point), b_zero);
  return {a_ratio, b_ratio, static_cast<float>(args.out_by.zero_point) - zeros};
}

QuantizedProduct product_parameters(const QuantizedBinaryArgs& args) {
  return {args.a_by.zero_point, args.b_by.zero_point,
          args.a_by.scale * args.b_by.scale / args.out_by.scale,
          static_cast<float>(args.out_by.zero_point)};
}

template <typename T, typename Parameters>
void run(QuantizedBinaryFn<T, Parameters> kernel, const QuantizedBinaryArgs& args,
         const Broadcast& shape, const Parameters& parameters) {
  const T* a = static_cast<const T*>(args.a);
  const T* b = static_cast<const T*>(args.b);
  for_each_run(shape, [&](size_t a_first, size_t b_first, size_t out_first, size_t count) {
    kernel(a + a_first, shape.a_step(), b + b_first, shape.b_step(), parameters,
           static_cast<T*>(args.out) + out_first, count);
  });
}

}  // namespace

void quantized_add(const QuantizedBinaryArgs& args, const Broadcast& shape, IsaSet available) {
  const QuantizedBinaryKernels& kernels = select_tier(kTiers, available);
  const QuantizedSum sum = sum_parameters(args);
  if (args.type == OCTAVO_S8) return run(kernels.sum_s8, args, shape, sum);
  run(kernels.sum_u8, args, shape, sum);
}

void quantized_mul(const QuantizedBinaryArgs& args, const Broadcast& shape, IsaSet available) {
  const QuantizedBinaryKernels& kernels = select_tier(kTiers, available);
  const QuantizedProduct product = product_parameters(args);
  if (args.type == OCTAVO_S8) return run(kernels.product_s8, args, shape, product);
  run(kernels.product_u8, args, shape, product);
}

}  // namespace octavo
