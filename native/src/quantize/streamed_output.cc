#include "quantize/streamed_output.h"

#include <cstdint>
#include <cstring>

#ifdef OCTAVO_X86
#include <immintrin.h>
#endif

namespace octavo {

#ifdef OCTAVO_X86

bool is_streamed(size_t bytes) { return exceeds_caches(bytes); }

void stream_copy(void* to, const void* from, size_t bytes) {
  constexpr size_t kVector = sizeof(__m128i);
  char* out = static_cast<char*>(to);
  const char* in = static_cast<const char*>(from);
  const size_t head = min_size(bytes, -reinterpret_cast<uintptr_t>(out) % kCacheLine);
  std::memcpy(out, in, head);
  size_t i = head;
  for (; i + kCacheLine <= bytes; i += kCacheLine) {
    for (size_t j = i; j < i + kCacheLine; j += kVector) {
      _mm_stream_si128(reinterpret_cast<__m128i*>(out + j),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + j)));
    }
  }
  std::memcpy(out + i, in + i, bytes - i);
}

void finish_streaming() { _mm_sfence(); }

#else

bool is_streamed(size_t) { return false; }

void stream_copy(void* to, const void* from, size_t bytes) { std::memcpy(to, from, bytes); }

void finish_streaming() {}

#endif

}  // namespace octavo
