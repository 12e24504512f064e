// Results larger than the caches go past them: no line is read first only to be written over.
#ifndef OCTAVO_SRC_QUANTIZE_STREAMED_OUTPUT_H_
#define OCTAVO_SRC_QUANTIZE_STREAMED_OUTPUT_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_memory.h"
#include "base/math.h"

namespace octavo {

// Above the cache of a core, and most of what a core's share of the last level is.
constexpr bool exceeds_caches(size_t bytes) { return bytes >= size_t{1} << 24; }

// Whether a whole result of so many bytes goes past the cache. Smaller ones may be read next.
bool is_streamed(size_t bytes);

// Copies bytes past the cache. Other threads may read them after finish_streaming(), which waits
// for what is on its way.
void stream_copy(void* to, const void* from, size_t bytes);
void finish_streaming();

// Of a result that is written by pieces, when the one at `piece` is made: asks for the page of the
// next one where that is another. A store past the cache would wait for its address.
inline void prefetch_page(const void* piece, const void* next) {
  constexpr uintptr_t kPage = 4096;
  const auto page = [](const void* at) { return reinterpret_cast<uintptr_t>(at) / kPage; };
  if (page(piece) != page(next)) __builtin_prefetch(next, 1);
}

// Calls kernel(first element, count, where to write them) for all elements of a part of a result:
// once, or by pieces so small that reading goes on while they are on their way; after them,
// finish_streaming().
template <typename Out, typename Kernel>
void write_elements(Out* out, size_t count, bool streamed, Kernel&& kernel) {
  constexpr size_t kPiece = 1024;
  if (!streamed) return kernel(size_t{0}, count, out);
  alignas(kCacheLine) Out piece[kPiece];
  for (size_t first = 0; first < count; first += kPiece) {
    const size_t size = min_size(kPiece, count - first);
    prefetch_page(out + first, out + first + size);
    kernel(first, size, piece);
    stream_copy(out + first, piece, size * sizeof(Out));
  }
}

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_STREAMED_OUTPUT_H_
