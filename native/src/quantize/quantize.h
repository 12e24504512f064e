// Quantizing, dequantizing and other conversions of whole tensors.
#ifndef OCTAVO_SRC_QUANTIZE_QUANTIZE_H_
#define OCTAVO_SRC_QUANTIZE_QUANTIZE_H_

#include <cstddef>
#include <cstdint>

#include "cpu/isa.h"
#include "octavo/base.h"

namespace octavo {

// A contiguous tensor [outer][channels][inner] with one scale and zero point for each channel; one
// channel for all is per-tensor quantization. Zero points are within the range of the type.
struct Quantization {
  size_t outer = 1;
  size_t channels = 1;
  size_t inner = 1;
  const float* scales;
  const int32_t* zero_points;
};

// y = sat(rne(f32(x / scale)) + zero_point), with OCTAVO_U8, S8, U16 or S16 elements; NaN gives the
// type's minimum.
void quantize(const float* in, const Quantization& by, octavo_type type, void* out,
              IsaSet available = active_isa());

// x = f32(f32(q - zero_point) * scale), from the same types and OCTAVO_S32.
void dequantize(const void* in, octavo_type type, const Quantization& by, float* out,
                IsaSet available = active_isa());

struct QuantizationParameters {
  float scale;
  int32_t zero_point;
};

// The uint8 parameters of ONNX's DynamicQuantizeLinear: a range that includes 0, NaN skipped.
QuantizationParameters dynamic_parameters(const float* in, size_t count,
                                          IsaSet available = active_isa());

// Each row of `columns` floats to uint8 with its own dynamic_parameters.
void quantize_rows(const float* in, size_t rows, size_t columns, uint8_t* out, float* scales,
                   int32_t* zero_points, IsaSet available = active_isa());

// IEEE conversions to and from binary16 and bfloat16, rounding to nearest even; NaN stays NaN.
void floats_to_half(const float* in, size_t count, uint16_t* out, IsaSet available = active_isa());
void floats_to_bfloat(const float* in, size_t count, uint16_t* out,
                      IsaSet available = active_isa());
void half_to_floats(const uint16_t* in, size_t count, float* out, IsaSet available = active_isa());
void bfloat_to_floats(const uint16_t* in, size_t count, float* out,
                      IsaSet available = active_isa());

// Between bytes and packed 4-bit numbers, the first in the low bits; ceil(count / 2) packed bytes,
// an odd count's last high bits 0. OCTAVO_S8 sign-extends.
void unpack_nibbles(const uint8_t* in, size_t count, octavo_type type, void* out,
                    IsaSet available = active_isa());
void pack_nibbles(const void* in, size_t count, uint8_t* out, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_QUANTIZE_H_
