/// How int32 accumulators become outputs.
#ifndef OCTAVO_EPILOGUE_H_
#define OCTAVO_EPILOGUE_H_

#include "octavo/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that are added to quantized outputs, each element to that of its own place:
///   y = clamp(rne(fma(q, ratio, fma(residual, residual_ratio, offset))))
/// which is QLinearAdd of q and the residual, and one more clamp, where
///   ratio = f32(s_q / s_y), residual_ratio = f32(s_r / s_y) and
///   offset = f32(z_y - fma(ratio, z_q, f32(residual_ratio * z_r)))
/// of the scales s and zero points z of q, of the residual and of the output. fma rounds once.
/// QLinearAdd of the residual and q rounds in another order: where the residual comes first, it and
/// q have each other's places in both formulas.
typedef struct octavo_residual {
  const void* data;     /* laid out as the output, which it must not overlap; NULL for none */
  octavo_type type;     /* OCTAVO_U8 or OCTAVO_S8 */
  size_t stride;        /* of products: from row to row in elements, >= n; 0 for convolutions */
  float ratio;          /* finite, like the two that follow */
  float residual_ratio;
  float offset;
  int32_t clamp_min;    /* both within the output's range */
  int32_t clamp_max;
  int32_t comes_first; /* 1: the residual is the first operand of the sum, 0: the second */
} octavo_residual;

/// How accumulators become outputs; c is the column (output channel), r the row.
///   S32:    y = acc + bias[c]
///   F32:    y = f32(f32(acc + bias[c]) * m) + float_bias[c], m = scales[c] or
///           f32(row_scales[r] * scales[c])
///   U8, S8: q = clamp(rne(f32(f32(acc + bias[c]) * scales[c])) + zero_point), then where there is
///           a table q = table[the byte of q], then the residual if any; y = q where there is none
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
  const uint8_t* table;     /* U8 and S8 only: 256 bytes of the output's type, or NULL */
  octavo_residual residual; /* U8 and S8 only */
} octavo_epilogue;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_EPILOGUE_H_ */
