#include "base/thread_scratch.h"

#include "base/aligned_buffer.h"

namespace octavo {

uint8_t* thread_scratch(size_t bytes) noexcept {
  thread_local AlignedBuffer<uint8_t> memory;
  if (memory.size() < bytes) {
    try {
      memory = AlignedBuffer<uint8_t>();
      memory = AlignedBuffer<uint8_t>(bytes);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  return memory.data();
}

}  // namespace octavo
