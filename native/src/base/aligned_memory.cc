#include "base/aligned_memory.h"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace octavo {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

std::align_val_t alignment_of(size_t bytes) {
  return std::align_val_t(bytes >= kHugePage ? kHugePage : kCacheLine);
}

}  // namespace

void* allocate_aligned(size_t bytes) {
  void* const memory = ::operator new(bytes, alignment_of(bytes));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Weights are read from end to end: in small pages each 4 KB cost a lookup, and a fault at first.
  // The rest beyond whole pages stays in small ones, so that no more of what is filled is resident;
  // scratch that is touched in part may take up to a page more. A system that refuses serves small
  // pages.
  if (bytes >= kHugePage) madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
  return memory;
}

void release_aligned(void* memory, size_t bytes) noexcept {
  ::operator delete(memory, alignment_of(bytes));
}

}  // namespace octavo
