// Functions of one quantized byte, as tables of 256 bytes: requantization between scales, and every
// activation.
#ifndef OCTAVO_SRC_QUANTIZE_BYTE_TABLE_H_
#define OCTAVO_SRC_QUANTIZE_BYTE_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "cpu/isa.h"
#include "elementwise/unary.h"
#include "quantize/quantize.h"

namespace octavo {

// The byte (of either signedness) at each byte.
struct ByteTable {
  uint8_t entries[256];
};

struct ByteFunction {
  octavo_type in_type;  // OCTAVO_U8 or OCTAVO_S8, like out_type
  QuantizationParameters in;
  octavo_type out_type;
  QuantizationParameters out;
};

// quantize(dequantize(x)): the same number under other parameters.
ByteTable requantize_table(const ByteFunction& quantization, IsaSet available = active_isa());

// quantize(op(dequantize(x))), in float32 with the kernels of elementwise/unary.h.
ByteTable unary_table(const ByteFunction& quantization, UnaryOp op,
                      const UnaryParameters& parameters = {}, IsaSet available = active_isa());

// out[i] = table[in[i]]; `out` may be `in`.
void look_up(const void* in, const ByteTable& table, size_t count, void* out,
             IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_BYTE_TABLE_H_
