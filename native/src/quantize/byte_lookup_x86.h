// Lookups of bytes with instructions that no tier of vectors has.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_QUANTIZE_BYTE_LOOKUP_X86_H_
#define OCTAVO_SRC_QUANTIZE_BYTE_LOOKUP_X86_H_

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// out[i] = table[in[i]] for a table of 256 bytes; `out` may be `in`.
void look_up_x86_avx512vbmi(const uint8_t* in, const uint8_t* table, size_t count, uint8_t* out);

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_BYTE_LOOKUP_X86_H_
