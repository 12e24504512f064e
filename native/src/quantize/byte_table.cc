#include "quantize/byte_table.h"

#include "quantize/byte_lookup_x86.h"
#include "quantize/select_quantize.h"
#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

Quantization per_tensor(const QuantizationParameters& by) {
  return {1, 1, 256, &by.scale, &by.zero_point};
}

template <typename Function>
ByteTable table_of(const ByteFunction& quantization, IsaSet available, Function&& function) {
  uint8_t bytes[256];
  float values[256];
  for (size_t i = 0; i < 256; ++i) bytes[i] = static_cast<uint8_t>(i);
  dequantize(bytes, quantization.in_type, per_tensor(quantization.in), values, available);
  function(values);
  ByteTable table;
  quantize(values, per_tensor(quantization.out), quantization.out_type, table.entries, available);
  return table;
}

LookupFn select_lookup(IsaSet available, size_t count) {
#ifdef OCTAVO_X86
  if (available.contains(isa::avx512_vbmi)) return look_up_x86_avx512vbmi;
#endif
  return select_quantize(available, count).lookup;
}

}  // namespace

ByteTable requantize_table(const ByteFunction& quantization, IsaSet available) {
  return table_of(quantization, available, [](float*) {});
}

ByteTable unary_table(const ByteFunction& quantization, UnaryOp op,
                      const UnaryParameters& parameters, IsaSet available) {
  return table_of(quantization, available,
                  [&](float* values) { unary(op, values, values, 256, parameters, available); });
}

void look_up(const void* in, const ByteTable& table, size_t count, void* out, IsaSet available) {
  const LookupFn run = select_lookup(available, count);
  const uint8_t* bytes = static_cast<const uint8_t*>(in);
  parallel_ranges(count, kElementsPerTask, [&](size_t first, size_t size) {
    run(bytes + first, table.entries, size, static_cast<uint8_t*>(out) + first);
  });
}

}  // namespace octavo
