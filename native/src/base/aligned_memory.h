// Memory aligned to a cache line; where much is asked for, in pages of the largest size.
#ifndef OCTAVO_SRC_BASE_ALIGNED_MEMORY_H_
#define OCTAVO_SRC_BASE_ALIGNED_MEMORY_H_

#include <cstddef>

namespace octavo {

inline constexpr size_t kCacheLine = 64;

// `bytes` > 0, uninitialized, for release_aligned() with the same size. Throws std::bad_alloc.
void* allocate_aligned(size_t bytes);
void release_aligned(void* memory, size_t bytes) noexcept;

}  // namespace octavo

#endif  // OCTAVO_SRC_BASE_ALIGNED_MEMORY_H_
