// Sums and products of quantized operands, tier by tier. (quantize/quantized_binary.h chooses.)
//
//   sum:      y = sat(rne(fma(a, a_ratio, fma(b, b_ratio, offset))))
//   product:  y = sat(rne(f32(f32((a - a_zero) * (b - b_zero) * factor) + zero)))
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_QUANTIZE_QUANTIZED_BINARY_KERNELS_H_
#define OCTAVO_SRC_QUANTIZE_QUANTIZED_BINARY_KERNELS_H_

#include <stddef.h>
#include <stdint.h>

#include "vector/tiers.h"

namespace octavo {

struct QuantizedSum {
  float a_ratio, b_ratio, offset;
};

struct QuantizedProduct {
  int32_t a_zero, b_zero;
  float factor, zero;
};

// Steps are 0 or 1, and both 0 only for one element. `out` may be an operand of step 1.
template <typename T, typename Parameters>
using QuantizedBinaryFn = void (*)(const T* a, size_t a_step, const T* b, size_t b_step,
                                   const Parameters&, T* out, size_t count);

struct QuantizedBinaryKernels {
  QuantizedBinaryFn<uint8_t, QuantizedSum> sum_u8;
  QuantizedBinaryFn<int8_t, QuantizedSum> sum_s8;
  QuantizedBinaryFn<uint8_t, QuantizedProduct> product_u8;
  QuantizedBinaryFn<int8_t, QuantizedProduct> product_s8;
};

#define OCTAVO_QUANTIZED_BINARY_TIER(isa, tier) \
  extern const QuantizedBinaryKernels quantized_binary_##tier;
OCTAVO_TIERS(OCTAVO_QUANTIZED_BINARY_TIER)
#undef OCTAVO_QUANTIZED_BINARY_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_QUANTIZED_BINARY_KERNELS_H_
