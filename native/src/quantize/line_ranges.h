// Conversions of many elements, cut where cache lines begin.
#ifndef OCTAVO_SRC_QUANTIZE_LINE_RANGES_H_
#define OCTAVO_SRC_QUANTIZE_LINE_RANGES_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_memory.h"
#include "quantize/streamed_output.h"
#include "threading/parallel_ranges.h"

namespace octavo {

// Larger out of memory: what is prefetched at the end of a task may be for another thread, and each
// task waits for what it has streamed.
inline size_t elements_per_task(size_t elements) {
  return exceeds_caches(elements * sizeof(float)) ? 16 * kElementsPerTask : kElementsPerTask;
}

// Elements in front of the first that begins a cache line: vectors that lie across two take twice
// as long. None of few, which are done before that pays.
template <typename T>
size_t elements_before_line(const T* elements, size_t count) {
  constexpr size_t kFew = 1024;
  const size_t bytes = -reinterpret_cast<uintptr_t>(elements) % kCacheLine;
  return count < kFew || bytes % sizeof(T) != 0 ? 0 : bytes / sizeof(T);
}

// Of the side with the wider elements, from which or to which most vectors go, or of what is
// written past the cache, where part of a line takes longer than all of it.
template <typename In, typename Out>
size_t elements_before_line(const In* in, const Out* out, size_t count, bool streamed) {
  if (sizeof(In) > sizeof(Out) && !streamed) return elements_before_line(in, count);
  return elements_before_line(out, count);
}

// Calls run(first element, count) for the elements in front of a line and for ranges of the others.
template <typename Run>
void ranges_from_line(size_t before, size_t count, size_t per_task, Run&& run) {
  if (before != 0) run(size_t{0}, before);
  parallel_ranges(count - before, per_task,
                  [&](size_t first, size_t size) { run(before + first, size); });
}

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_LINE_RANGES_H_
