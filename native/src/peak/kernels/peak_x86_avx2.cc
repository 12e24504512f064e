#include <immintrin.h>

#include "peak/peak_loop.h"

namespace octavo {

// One vpdpbusd multiplies and adds; here a vpmaddwd multiplies and a vpaddd adds, on what ports the
// CPU has for the two together. Enough independent sums to hide the latency, in assembly so that no
// compiler finds less to do.
double peak_vpmaddwd_vpaddd_x86_avx2(long rounds) {
  for (long i = 0; i < rounds; ++i) {
    __asm__ volatile(
        "vpmaddwd %%ymm15,%%ymm14,%%ymm12\n vpaddd %%ymm12,%%ymm0,%%ymm0\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm13\n vpaddd %%ymm13,%%ymm1,%%ymm1\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm12\n vpaddd %%ymm12,%%ymm2,%%ymm2\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm13\n vpaddd %%ymm13,%%ymm3,%%ymm3\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm12\n vpaddd %%ymm12,%%ymm4,%%ymm4\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm13\n vpaddd %%ymm13,%%ymm5,%%ymm5\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm12\n vpaddd %%ymm12,%%ymm6,%%ymm6\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm13\n vpaddd %%ymm13,%%ymm7,%%ymm7\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm12\n vpaddd %%ymm12,%%ymm8,%%ymm8\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm13\n vpaddd %%ymm13,%%ymm9,%%ymm9\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm12\n vpaddd %%ymm12,%%ymm10,%%ymm10\n"
        "vpmaddwd %%ymm15,%%ymm14,%%ymm13\n vpaddd %%ymm13,%%ymm11,%%ymm11\n" ::
            : "ymm0", "ymm1", "ymm2", "ymm3", "ymm4", "ymm5", "ymm6", "ymm7", "ymm8", "ymm9",
              "ymm10", "ymm11", "ymm12", "ymm13");
  }
  constexpr double kOperations = 12 * 16 * 2;
  return kOperations * static_cast<double>(rounds);
}

// Hardware that follows one stream beyond the end of a page reads this fastest (Zen 4).
float read_in_order_x86_avx2(const float* data, size_t bytes) {
  __m256 sums[8];
#pragma GCC unroll 8
  for (__m256& sum : sums) sum = _mm256_setzero_ps();
  for (size_t i = 0; i < bytes / sizeof(float); i += 64) {
#pragma GCC unroll 8
    for (size_t j = 0; j < 8; ++j) {
      sums[j] = _mm256_add_ps(sums[j], _mm256_loadu_ps(data + i + 8 * j));
    }
  }
#pragma GCC unroll 8
  for (int j = 1; j < 8; ++j) sums[0] = _mm256_add_ps(sums[0], sums[j]);
  return _mm256_cvtss_f32(sums[0]);
}

// Four pages at a time, two lines of each: elsewhere hardware fetches ahead within each page by
// itself (Zen 5).
float read_by_pages_x86_avx2(const float* data, size_t bytes) {
  constexpr size_t kPage = 4096 / sizeof(float), kPages = kReadBlock / 4096, kLines = 32;
  __m256 sums[4];
#pragma GCC unroll 4
  for (__m256& sum : sums) sum = _mm256_setzero_ps();
  for (size_t i = 0; i < bytes / sizeof(float); i += kPages * kPage) {
    for (size_t line = 0; line < kPage; line += kLines) {
#pragma GCC unroll 4
      for (size_t page = 0; page < kPages; ++page) {
        const float* const from = data + i + page * kPage + line;
#pragma GCC unroll 4
        for (size_t j = 0; j < 4; ++j) {
          sums[j] = _mm256_add_ps(sums[j], _mm256_loadu_ps(from + 8 * j));
        }
      }
    }
  }
  return _mm256_cvtss_f32(_mm256_add_ps(_mm256_add_ps(sums[0], sums[1]),
                                        _mm256_add_ps(sums[2], sums[3])));
}

}  // namespace octavo
