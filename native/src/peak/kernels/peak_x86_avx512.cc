#include "peak/peak_loop.h"

namespace octavo {

// Enough independent sums to hide the latency, in assembly so that no compiler finds less to do.
double peak_vfmadd_x86_avx512(long rounds) {
  for (long i = 0; i < rounds; ++i) {
    __asm__ volatile(
        "vfmadd231ps %%zmm31,%%zmm30,%%zmm0\n vfmadd231ps %%zmm31,%%zmm30,%%zmm1\n"
        "vfmadd231ps %%zmm31,%%zmm30,%%zmm2\n vfmadd231ps %%zmm31,%%zmm30,%%zmm3\n"
        "vfmadd231ps %%zmm31,%%zmm30,%%zmm4\n vfmadd231ps %%zmm31,%%zmm30,%%zmm5\n"
        "vfmadd231ps %%zmm31,%%zmm30,%%zmm6\n vfmadd231ps %%zmm31,%%zmm30,%%zmm7\n"
        "vfmadd231ps %%zmm31,%%zmm30,%%zmm8\n vfmadd231ps %%zmm31,%%zmm30,%%zmm9\n"
        "vfmadd231ps %%zmm31,%%zmm30,%%zmm10\n vfmadd231ps %%zmm31,%%zmm30,%%zmm11\n"
        "vfmadd231ps %%zmm31,%%zmm30,%%zmm12\n vfmadd231ps %%zmm31,%%zmm30,%%zmm13\n" ::
            : "zmm0", "zmm1", "zmm2", "zmm3", "zmm4", "zmm5", "zmm6", "zmm7", "zmm8", "zmm9",
              "zmm10", "zmm11", "zmm12", "zmm13");
  }
  constexpr double kOperations = 14 * 16 * 2;
  return kOperations * static_cast<double>(rounds);
}

}  // namespace octavo
