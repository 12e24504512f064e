// What AVX-512 kernels read of the header of a packed block. Everything has internal linkage: it is
// compiled once for each of them.
#ifndef OCTAVO_SRC_BLOCK_GEMM_KERNELS_LOAD_SCALES_H_
#define OCTAVO_SRC_BLOCK_GEMM_KERNELS_LOAD_SCALES_H_

#include <immintrin.h>

#include "base/always_inline.h"
#include "block_gemm/block_tile.h"

namespace octavo {
namespace {

// The scales of a block's columns, which are the header's first.
OCTAVO_ALWAYS_INLINE __m512 load_scales(const BlockShape& shape, const uint8_t* header) {
  if (!shape.half_scales) return _mm512_loadu_ps(reinterpret_cast<const float*>(header));
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(header)));
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_KERNELS_LOAD_SCALES_H_
