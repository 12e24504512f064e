// A table of 256 bytes in four registers, for files compiled with AVX-512 VBMI. Everything here has
// internal linkage.
#ifndef OCTAVO_SRC_QUANTIZE_BYTE_REGISTERS_X86_AVX512VBMI_H_
#define OCTAVO_SRC_QUANTIZE_BYTE_REGISTERS_X86_AVX512VBMI_H_

#include <immintrin.h>
#include <stdint.h>

#if !defined(__AVX512VBMI__)
#error "compile this file with AVX-512 VBMI too"
#endif

namespace octavo {
namespace {

// vpermi2b looks up 64 bytes in two registers by the low seven bits.
struct ByteRegisters {
  explicit ByteRegisters(const uint8_t* entries)
      : first(_mm512_loadu_si512(entries)),
        second(_mm512_loadu_si512(entries + 64)),
        third(_mm512_loadu_si512(entries + 128)),
        fourth(_mm512_loadu_si512(entries + 192)) {}

  __m512i operator()(__m512i bytes) const {
    const __m512i lower = _mm512_permutex2var_epi8(first, bytes, second);
    const __m512i upper = _mm512_permutex2var_epi8(third, bytes, fourth);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), lower, upper);
  }

  __m512i first, second, third, fourth;
};

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_BYTE_REGISTERS_X86_AVX512VBMI_H_
