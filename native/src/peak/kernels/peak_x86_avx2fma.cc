#include <immintrin.h>

#include "peak/peak_loop.h"

namespace octavo {

// Enough independent sums to hide the latency, in assembly so that no compiler finds less to do.
// Factors are given: subnormal numbers left in the registers would take hundreds of cycles each.
double peak_vfmadd_x86_avx2fma(long rounds) {
  const __m256 one = _mm256_set1_ps(1);
  for (long i = 0; i < rounds; ++i) {
    __asm__ volatile(
        "vfmadd231ps %0,%0,%%ymm0\n vfmadd231ps %0,%0,%%ymm1\n"
        "vfmadd231ps %0,%0,%%ymm2\n vfmadd231ps %0,%0,%%ymm3\n"
        "vfmadd231ps %0,%0,%%ymm4\n vfmadd231ps %0,%0,%%ymm5\n"
        "vfmadd231ps %0,%0,%%ymm6\n vfmadd231ps %0,%0,%%ymm7\n"
        "vfmadd231ps %0,%0,%%ymm8\n vfmadd231ps %0,%0,%%ymm9\n"
        "vfmadd231ps %0,%0,%%ymm10\n vfmadd231ps %0,%0,%%ymm11\n" ::"x"(one)
        : "ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5", "ymm6", "ymm7", "ymm8", "ymm9",
          "ymm10", "ymm11");
  }
  constexpr double kOperations = 12 * 8 * 2;
  return kOperations * static_cast<double>(rounds);
}

}  // namespace octavo
