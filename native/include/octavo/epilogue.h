/// How int32 accumulators become outputs.
#ifndef OCTAVO_EPILOGUE_H_
#define OCTAVO_EPILOGUE_H_

#include "octavo/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How accumulators become outputs; c is the column (output channel), r the row.
///   S32:    y = acc + bias[c]
///   F32:    y = f32(f32(acc + bias[c]) * m) + float_bias[c], m = scales[c] or
///           f32(row_scales[r] * scales[c])
///   U8, S8: y = clamp(rne(f32(f32(acc + bias[c]) * scales[c])) + zero_point)
/// rne rounds to nearest, ties to even; each f32(...) rounds once. Scales of U8 and S8 are
/// finite; those of F32 may not be, and give what IEEE 754 says.
typedef struct octavo_epilogue {
  octavo_type output;
  const int32_t* bias;     /* n values, or NULL for none */
  const float* scales;     /* scale_count values; NULL only for S32 */
  size_t scale_count;      /* 1 or n; 0 only for S32 */
  const float* row_scales; /* F32 products only: m values, or NULL */
  const float* float_bias; /* F32 only: n values, or NULL */
  int32_t zero_point;      /* U8 and S8 only, like the two limits: within the output's range */
  int32_t clamp_min;
  int32_t clamp_max;
} octavo_epilogue;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_EPILOGUE_H_ */
