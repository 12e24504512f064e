#include "base/thread_scratch.h"

#include "base/aligned_buffer.h"

namespace octavo {

uint8_t* thread_scratch(size_t bytes, Scratch use) noexcept {
  thread_local AlignedBuffer<uint8_t> memories[static_cast<size_t>(Scratch::count)];
  AlignedBuffer<uint8_t>& memory = memories[static_cast<size_t>(use)];
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
