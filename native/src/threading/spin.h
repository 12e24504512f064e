// Waiting without sleeping.
#ifndef OCTAVO_SRC_THREADING_SPIN_H_
#define OCTAVO_SRC_THREADING_SPIN_H_

#include <chrono>
#include <cstdint>
#ifdef OCTAVO_X86
#include <immintrin.h>
#endif

namespace octavo {

inline void pause() {
#if defined(OCTAVO_X86)
  _mm_pause();
#elif defined(OCTAVO_ARM64)
  asm volatile("yield");
#endif
}

// Whether `done()` became true within the time given.
template <typename Done>
bool spin_until(uint32_t microseconds, Done done) {
  constexpr int kLooksAClockReading = 64;
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
  do {
    for (int i = 0; i < kLooksAClockReading; ++i) {
      if (done()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

}  // namespace octavo

#endif  // OCTAVO_SRC_THREADING_SPIN_H_
