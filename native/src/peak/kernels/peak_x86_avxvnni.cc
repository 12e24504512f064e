#include "peak/peak_loop.h"

namespace octavo {

// Enough independent sums to hide the latency, in assembly so that no compiler finds less to do.
double peak_vpdpbusd_x86_avxvnni(long rounds) {
  for (long i = 0; i < rounds; ++i) {
    __asm__ volatile(
        "%{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm0\n %{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm1\n"
        "%{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm2\n %{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm3\n"
        "%{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm4\n %{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm5\n"
        "%{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm6\n %{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm7\n"
        "%{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm8\n %{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm9\n"
        "%{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm10\n %{vex%} vpdpbusd %%ymm15,%%ymm14,%%ymm11\n" ::
            : "ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5", "ymm6", "ymm7", "ymm8", "ymm9",
              "ymm10", "ymm11");
  }
  constexpr double kOperations = 12 * 32 * 2;
  return kOperations * static_cast<double>(rounds);
}

}  // namespace octavo
