// Conversions between floats and narrow numbers, tier by tier. (quantize/quantize.h chooses.)
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_QUANTIZE_QUANTIZE_KERNELS_H_
#define OCTAVO_SRC_QUANTIZE_QUANTIZE_KERNELS_H_

#include <stddef.h>
#include <stdint.h>

#include "vector/tiers.h"

namespace octavo {

// One pair for the whole run (step 0), or one for each element (step 1).
struct QuantizationRun {
  const float* scales;
  const int32_t* zero_points;
  size_t step;
};

// y = sat(rne(f32(x / scale)) + zero_point); NaN gives the type's minimum.
template <typename T>
using QuantizeFn = void (*)(const float* in, const QuantizationRun&, size_t count, T* out);
// x = f32(f32(q - zero_point) * scale), the difference modulo 2^32.
template <typename T>
using DequantizeFn = void (*)(const T* in, const QuantizationRun&, size_t count, float* out);
// Widens *low and *high, between which 0 is, to hold every element; NaN is skipped.
using RangeFn = void (*)(const float* in, size_t count, float* low, float* high);
// Parameters of a row, and the two parts of the reciprocal of its scale (split_reciprocal.h).
struct RowParameters {
  float scale;
  int32_t zero_point;
  float reciprocal, rest;
};
// Quantizes numbers of which none but NaN is beyond the range that the parameters were made of, and
// widens *low and *high by as many at `ahead`. `out` must not overlap either.
using QuantizeRowFn = void (*)(const float* in, const RowParameters& by, size_t count, uint8_t* out,
                               const float* ahead, float* low, float* high);
// IEEE conversions to and from 16 bits, rounding to nearest even; NaN stays NaN.
using ShortenFn = void (*)(const float* in, size_t count, uint16_t* out);
using LengthenFn = void (*)(const uint16_t* in, size_t count, float* out);
// out[i] = table[in[i]], a table of 256 bytes; `out` may be `in`.
using LookupFn = void (*)(const uint8_t* in, const uint8_t* table, size_t count, uint8_t* out);

// `sign` is 8 where the numbers are signed, else 0.
using UnpackNibblesFn = void (*)(const uint8_t* in, size_t count, uint8_t sign, uint8_t* out);
using PackNibblesFn = void (*)(const uint8_t* in, size_t count, uint8_t* out);

struct QuantizeKernels {
  QuantizeFn<uint8_t> to_u8;
  QuantizeFn<int8_t> to_s8;
  QuantizeFn<uint16_t> to_u16;
  QuantizeFn<int16_t> to_s16;
  DequantizeFn<uint8_t> from_u8;
  DequantizeFn<int8_t> from_s8;
  DequantizeFn<uint16_t> from_u16;
  DequantizeFn<int16_t> from_s16;
  DequantizeFn<int32_t> from_s32;
  RangeFn range;
  QuantizeRowFn quantize_row;
  ShortenFn to_half;
  ShortenFn to_bfloat;
  LengthenFn from_half;
  LengthenFn from_bfloat;
  LookupFn lookup;
  UnpackNibblesFn unpack_nibbles;
  UnpackNibblesFn stream_nibbles;  // past the cache
  PackNibblesFn pack_nibbles;
};

// The same for what caches hold, and for what they do not, which is asked for in time.
struct QuantizeTier {
  QuantizeKernels from_cache, from_memory;
};

#define OCTAVO_QUANTIZE_TIER(isa, tier) extern const QuantizeTier quantize_##tier;
OCTAVO_WIDE_TIERS(OCTAVO_QUANTIZE_TIER)
#undef OCTAVO_QUANTIZE_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_QUANTIZE_KERNELS_H_
