#include "quantize/byte_lookup_x86.h"

#include "quantize/byte_registers_x86_avx512vbmi.h"

namespace octavo {

void look_up_x86_avx512vbmi(const uint8_t* in, const uint8_t* table, size_t count, uint8_t* out) {
  const ByteRegisters entries(table);
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    _mm512_storeu_si512(out + i, entries(_mm512_loadu_si512(in + i)));
  }
  if (i == count) return;
  const __mmask64 rest = ~0ull >> (64 - (count - i));
  _mm512_mask_storeu_epi8(out + i, rest, entries(_mm512_maskz_loadu_epi8(rest, in + i)));
}

}  // namespace octavo
