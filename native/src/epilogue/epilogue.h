// Turns a tile of accumulators into outputs. The bias is in the accumulators already.
//
//   f32:  y = f32(f32(acc) * m) + float_bias[j]     m = scales[j] or f32(row_scales[i] * scales[j])
//   q8:   y = clamp(rne(f32(f32(acc) * scales[j])) + zero_point, clamp_min, clamp_max)
//   s32:  y = acc
//   q8_tail:  what epilogue_tail.h makes of a q8 output
//
// Each float operation rounds once (files are built with -ffp-contract=off). A kernel may apply the
// clamp before rounding, with limits less the zero point: the limits are integers and rounding is
// monotonic, so the result is the same and the conversion to integer cannot overflow. One that
// clamps integers has to know what the conversion makes of numbers past them. The API refuses
// scales of quantized outputs that are not finite: no product is a NaN.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_EPILOGUE_EPILOGUE_H_
#define OCTAVO_SRC_EPILOGUE_EPILOGUE_H_

#include <stddef.h>
#include <stdint.h>

#include "epilogue/epilogue_tail.h"

namespace octavo {

struct EpilogueTile {
  size_t rows;
  size_t columns;
  const int32_t* acc;
  size_t acc_stride;
  const float* scales;      // `columns` values
  const float* row_scales;  // `rows` values, or null
  const float* float_bias;  // `columns` values, or null
  int32_t zero_point;
  int32_t clamp_min;
  int32_t clamp_max;
  void* out;
  size_t out_stride;  // in elements
  EpilogueTail tail;  // of q8_tail only
};

using EpilogueFn = void (*)(const EpilogueTile& tile);

// q8 serves both signs: the clamp has put the value into the output's range, and its low byte is
// the output.
enum class EpilogueKind { s32, f32, q8, q8_tail };

#define OCTAVO_EPILOGUE(isa, kind, name) void name(const EpilogueTile& tile);
#include "epilogue/epilogues.inc"
#undef OCTAVO_EPILOGUE

}  // namespace octavo

#endif  // OCTAVO_SRC_EPILOGUE_EPILOGUE_H_
