// Results larger than the caches go past them: no line is read first only to be written over.
#ifndef OCTAVO_SRC_QUANTIZE_STREAMED_OUTPUT_H_
#define OCTAVO_SRC_QUANTIZE_STREAMED_OUTPUT_H_

#include <cstddef>

#include "base/aligned_memory.h"
#include "base/math.h"

namespace octavo {

// Above the cache of a core, and most of what a core's share of the last level is.
constexpr bool exceeds_caches(size_t bytes) { return bytes >= size_t{1} << 24; }

// Whether a whole result goes past the cache: a large one that is half of what moves or more.
// Smaller ones may be read next.
bool is_streamed(size_t bytes_read, size_t bytes_written);

// Copies bytes past the cache; other threads may read them afterwards.
void stream_copy(void* to, const void* from, size_t bytes);

// Calls kernel(first element, count, where to write them) for all elements of a part of a result:
// once, or by pieces that stay in the first-level cache.
template <typename Out, typename Kernel>
void write_elements(Out* out, size_t count, bool streamed, Kernel&& kernel) {
  constexpr size_t kPiece = size_t{16384} / sizeof(Out);
  if (!streamed) return kernel(size_t{0}, count, out);
  alignas(kCacheLine) Out piece[kPiece];
  for (size_t first = 0; first < count; first += kPiece) {
    const size_t size = min_size(kPiece, count - first);
    kernel(first, size, piece);
    stream_copy(out + first, piece, size * sizeof(Out));
  }
}

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_STREAMED_OUTPUT_H_
