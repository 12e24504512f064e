/// Quantizing, dequantizing and converting whole tensors.
#ifndef OCTAVO_QUANTIZE_H_
#define OCTAVO_QUANTIZE_H_

#include "octavo/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A dense tensor [outer][channels][inner] with a scale and a zero point for each channel; one
/// channel for all is per-tensor quantization.
typedef struct octavo_quantization {
  size_t outer;
  size_t channels;
  size_t inner;
  const float* scales;        /* finite and above 0 */
  const int32_t* zero_points; /* within the range of the quantized type */
} octavo_quantization;

/// q = saturate(round(x / scale) + zero_point), rounding to nearest even; NaN gives the type's
/// minimum. `type` is OCTAVO_S8, U8, S16 or U16; out must not overlap in.
octavo_status octavo_quantize(const float* in, const octavo_quantization* by, octavo_type type,
                              void* out);

/// x = (q - zero_point) * scale, rounded once; `type` may be OCTAVO_S32 too.
octavo_status octavo_dequantize(const void* in, octavo_type type, const octavo_quantization* by,
                                float* out);

/// Each row of `columns` floats to uint8 with its own parameters, those of ONNX
/// DynamicQuantizeLinear: a range that includes 0, NaN skipped. Writes one scale and one zero point
/// a row.
octavo_status octavo_quantize_rows(const float* in, size_t rows, size_t columns, uint8_t* out,
                                   float* scales, int32_t* zero_points);

/// Between OCTAVO_F32 and OCTAVO_F16 or OCTAVO_BF16, rounding to nearest even; NaN stays NaN.
octavo_status octavo_convert(const void* in, octavo_type from, size_t count, octavo_type to,
                             void* out);

/// `count` 4-bit numbers, two a byte with the first in the low bits, to bytes; OCTAVO_S8 extends
/// the sign.
octavo_status octavo_unpack_nibbles(const uint8_t* in, size_t count, octavo_type type, void* out);
/// The low four bits of `count` bytes to (count + 1) / 2 bytes; an odd count leaves the last high
/// bits 0.
octavo_status octavo_pack_nibbles(const void* in, size_t count, uint8_t* out);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_QUANTIZE_H_ */
