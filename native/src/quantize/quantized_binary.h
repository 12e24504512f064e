// QLinearAdd and QLinearMul, broadcast.
#ifndef OCTAVO_SRC_QUANTIZE_QUANTIZED_BINARY_H_
#define OCTAVO_SRC_QUANTIZE_QUANTIZED_BINARY_H_

#include "cpu/isa.h"
#include "elementwise/broadcast.h"
#include "octavo/base.h"
#include "quantize/quantize.h"

namespace octavo {

struct QuantizedBinaryArgs {
  const void* a;
  const void* b;
  void* out;         // contiguous; may be an operand of the result's own shape
  octavo_type type;  // OCTAVO_U8 or OCTAVO_S8, of all three
  QuantizationParameters a_by, b_by, out_by;
};

// The formulas of docs/numerics.md, bit for bit on every tier.
void quantized_add(const QuantizedBinaryArgs& args, const Broadcast& shape,
                   IsaSet available = active_isa());
void quantized_mul(const QuantizedBinaryArgs& args, const Broadcast& shape,
                   IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_QUANTIZED_BINARY_H_
