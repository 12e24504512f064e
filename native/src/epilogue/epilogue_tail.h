// What follows where quantized outputs are looked up in a table, added to a residual, or both:
//
//   q = table[byte of q]                                                       with a table
//   y = clamp(rne(fma(q, ratio, fma(residual, residual_ratio, offset))))       with a residual
//   y = clamp(rne(fma(residual, residual_ratio, fma(q, ratio, offset))))       that comes first
//
// Clamping comes before rounding, as in epilogue.h. With finite ratios and offset neither fma gives
// a NaN: a product of finite numbers is not rounded before it is added.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_EPILOGUE_EPILOGUE_TAIL_H_
#define OCTAVO_SRC_EPILOGUE_EPILOGUE_TAIL_H_

#include <stddef.h>
#include <stdint.h>

#include "vector/tiers.h"

namespace octavo {

// At least one of table and residual is there.
struct EpilogueTail {
  const uint8_t* table;     // 256 bytes, or null
  const uint8_t* residual;  // of the first output, or null
  size_t residual_stride;
  bool is_signed;  // outputs, entries of the table and what is looked up
  bool residual_is_signed, residual_comes_first;
  float ratio, residual_ratio, offset;
  int32_t clamp_min, clamp_max;
};

// For `count` neighbours that have been requantized already, and are replaced; the residual begins
// at that of the first. For outputs of kernels that have no tail of their own.
struct EpilogueTailKernels {
  void (*run)(const EpilogueTail& tail, size_t count, uint8_t* bytes);
};

#define OCTAVO_EPILOGUE_TAIL_TIER(isa, tier) extern const EpilogueTailKernels epilogue_tail_##tier;
OCTAVO_TIERS(OCTAVO_EPILOGUE_TAIL_TIER)
#undef OCTAVO_EPILOGUE_TAIL_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_EPILOGUE_EPILOGUE_TAIL_H_
