// Uninitialized storage aligned to a cache line, owned.
#ifndef OCTAVO_SRC_BASE_ALIGNED_BUFFER_H_
#define OCTAVO_SRC_BASE_ALIGNED_BUFFER_H_

#include <cstddef>
#include <new>
#include <utility>

#include "base/aligned_memory.h"

namespace octavo {

// `count` elements of a trivial type. Throws std::bad_alloc; the C API turns that into a status.
template <typename T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t count) : count_(count) {
    if (count > static_cast<size_t>(-1) / 2 / sizeof(T)) throw std::bad_alloc();
    if (count != 0) data_ = static_cast<T*>(allocate_aligned(count * sizeof(T)));
  }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~AlignedBuffer() {
    if (data_ != nullptr) release_aligned(data_, bytes());
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return count_; }
  size_t bytes() const { return count_ * sizeof(T); }

 private:
  T* data_ = nullptr;
  size_t count_ = 0;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_BASE_ALIGNED_BUFFER_H_
