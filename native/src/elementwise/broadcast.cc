#include "elementwise/broadcast.h"

#include <algorithm>

namespace octavo {
namespace {

// Dimension `i` of `rank` in a shape that may have fewer, whose missing ones are 1.
size_t dimension(std::span<const size_t> shape, size_t rank, size_t i) {
  const size_t missing = rank - shape.size();
  return i < missing ? 1 : shape[i - missing];
}

// From the last dimension to the first: each is merged into the one after it, or goes before it.
class Merger {
 public:
  bool add(size_t size, size_t a_stride, size_t b_stride) {
    if (size == 1) return true;
    if (count_ > 0 && a_stride == a_[count_ - 1] * shape_[count_ - 1] &&
        b_stride == b_[count_ - 1] * shape_[count_ - 1]) {
      shape_[count_ - 1] *= size;
      return true;
    }
    if (count_ == kMaxRank) return false;
    shape_[count_] = size;
    a_[count_] = a_stride;
    b_[count_++] = b_stride;
    return true;
  }

  Broadcast in_row_major_order() const {
    Broadcast result;
    if (count_ == 0) return result;
    result.rank = count_;
    std::reverse_copy(shape_, shape_ + count_, result.shape);
    std::reverse_copy(a_, a_ + count_, result.a_strides);
    std::reverse_copy(b_, b_ + count_, result.b_strides);
    return result;
  }

 private:
  size_t count_ = 0;
  size_t shape_[kMaxRank], a_[kMaxRank], b_[kMaxRank];
};

}  // namespace

size_t Broadcast::rows() const {
  size_t product = 1;
  for (size_t i = 0; i + 1 < rank; ++i) product *= shape[i];
  return product;
}

std::optional<Broadcast> broadcast(std::span<const size_t> a, std::span<const size_t> b) {
  const size_t rank = std::max(a.size(), b.size());
  Merger merger;
  size_t a_stride = 1, b_stride = 1;
  for (size_t i = rank; i > 0; --i) {
    const size_t a_size = dimension(a, rank, i - 1), b_size = dimension(b, rank, i - 1);
    if (a_size != b_size && a_size != 1 && b_size != 1) return std::nullopt;
    const size_t size = a_size == 1 ? b_size : a_size;
    if (!merger.add(size, a_size == 1 ? 0 : a_stride, b_size == 1 ? 0 : b_stride)) {
      return std::nullopt;
    }
    a_stride *= a_size;
    b_stride *= b_size;
  }
  return merger.in_row_major_order();
}

RowOrigins row_origins(const Broadcast& shape, size_t row) {
  RowOrigins origins{0, 0};
  for (size_t i = shape.rank - 1; i > 0; --i) {
    const size_t index = row % shape.shape[i - 1];
    row /= shape.shape[i - 1];
    origins.a += index * shape.a_strides[i - 1];
    origins.b += index * shape.b_strides[i - 1];
  }
  return origins;
}

}  // namespace octavo
