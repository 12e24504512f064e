// How kernels of block-quantized weights go from row to row on AVX-512. Everything has internal
// linkage: it is compiled once for each of them.
#ifndef OCTAVO_SRC_BLOCK_GEMM_KERNELS_ROW_STEPS_H_
#define OCTAVO_SRC_BLOCK_GEMM_KERNELS_ROW_STEPS_H_

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/always_inline.h"

// Before this, no compiler moves what comes after: those that begin the next products early run out
// of registers. Nor does one read the vector from memory, or broadcast it, at each use.
#ifdef OCTAVO_EMULATE
#define OCTAVO_KEEP_ORDER(vector) static_cast<void>(vector)
#else
#define OCTAVO_KEEP_ORDER(vector) __asm__ volatile("" : "+v"(vector))
#endif

namespace octavo {
namespace {

OCTAVO_ALWAYS_INLINE __m512i broadcast_quad(const uint8_t* p) {
  int32_t quad;
  __builtin_memcpy(&quad, p, sizeof(quad));
  return _mm512_set1_epi32(quad);
}

// Compilers that see through the step keep a pointer for each row, more than there are registers.
template <typename T>
OCTAVO_ALWAYS_INLINE T* next_row(T* row, size_t stride) {
  row += stride;
  __asm__ volatile("" : "+r"(row));
  return row;
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_KERNELS_ROW_STEPS_H_
