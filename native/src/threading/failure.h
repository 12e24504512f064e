// What becomes of a task without memory.
#ifndef OCTAVO_SRC_THREADING_FAILURE_H_
#define OCTAVO_SRC_THREADING_FAILURE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/aligned_buffer.h"
#include "base/thread_scratch.h"

namespace octavo {

// Tasks must not throw: the first that finds no memory says so here, and the caller throws.
class Failure {
 public:
  void record() noexcept { failed_.store(true, std::memory_order_relaxed); }

  // thread_scratch(bytes), whose failure is recorded.
  uint8_t* scratch_bytes(size_t bytes) noexcept {
    uint8_t* memory = thread_scratch(bytes);
    if (memory == nullptr) record();
    return memory;
  }

  // Not null for no floats either.
  float* scratch(size_t floats) noexcept {
    return reinterpret_cast<float*>(scratch_bytes((floats + 1) * sizeof(float)));
  }

  // Memory that the thread does not keep; empty where there is none, which is recorded.
  AlignedBuffer<uint8_t> buffer(size_t bytes) noexcept {
    try {
      return AlignedBuffer<uint8_t>(bytes);
    } catch (const std::bad_alloc&) {
      record();
      return {};
    }
  }

  void rethrow() const {
    if (failed_.load(std::memory_order_relaxed)) throw std::bad_alloc();
  }

 private:
  std::atomic<bool> failed_{false};
};

// Memory of a task: that which its thread keeps, or its own where it takes more than `most_kept`
// bytes. Null where there is none, which is recorded.
class TaskMemory {
 public:
  TaskMemory(Failure& failure, size_t bytes, size_t most_kept) noexcept {
    if (bytes > most_kept) own_ = failure.buffer(bytes);
    data_ = bytes > most_kept ? own_.data() : failure.scratch_bytes(bytes);
  }

  uint8_t* data() const { return data_; }

 private:
  AlignedBuffer<uint8_t> own_;
  uint8_t* data_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_THREADING_FAILURE_H_
