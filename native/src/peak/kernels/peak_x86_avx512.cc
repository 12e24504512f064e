#include <immintrin.h>

#include "peak/peak_loop.h"

namespace octavo {

// Enough independent sums to hide the latency, in assembly so that no compiler finds less to do.
// Factors are given: subnormal numbers left in the registers would take hundreds of cycles each.
double peak_vfmadd_x86_avx512(long rounds) {
  const __m512 one = _mm512_set1_ps(1);
  for (long i = 0; i < rounds; ++i) {
    __asm__ volatile(
        "vfmadd231ps %0,%0,%%zmm0\n vfmadd231ps %0,%0,%%zmm1\n"
        "vfmadd231ps %0,%0,%%zmm2\n vfmadd231ps %0,%0,%%zmm3\n"
        "vfmadd231ps %0,%0,%%zmm4\n vfmadd231ps %0,%0,%%zmm5\n"
        "vfmadd231ps %0,%0,%%zmm6\n vfmadd231ps %0,%0,%%zmm7\n"
        "vfmadd231ps %0,%0,%%zmm8\n vfmadd231ps %0,%0,%%zmm9\n"
        "vfmadd231ps %0,%0,%%zmm10\n vfmadd231ps %0,%0,%%zmm11\n"
        "vfmadd231ps %0,%0,%%zmm12\n vfmadd231ps %0,%0,%%zmm13\n" ::"v"(one)
        : "zmm0", "zmm1", "zmm2", "zmm3", "zmm4", "zmm5", "zmm6", "zmm7", "zmm8", "zmm9",
          "zmm10", "zmm11", "zmm12", "zmm13");
  }
  constexpr double kOperations = 14 * 16 * 2;
  return kOperations * static_cast<double>(rounds);
}

}  // namespace octavo
