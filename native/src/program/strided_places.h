// The elements of arrays whose dimensions have strides of their own.
#ifndef OCTAVO_SRC_PROGRAM_STRIDED_PLACES_H_
#define OCTAVO_SRC_PROGRAM_STRIDED_PLACES_H_

#include <cstddef>
#include <span>

#include "base/math.h"

namespace octavo {

struct StridedDimension {
  size_t size, stride;
};

// Elements from the first to the last of an array, to which dimensions are added.
class Reach {
 public:
  void add(size_t size, size_t stride) {
    if (size == 0)
      empty_ = true;
    else
      last_ = last_.plus(CheckedSize(size - 1).times(stride).value());
  }
  CheckedSize elements() const { return empty_ ? CheckedSize(0) : last_.plus(1); }

 private:
  CheckedSize last_{0};
  bool empty_ = false;
};

inline CheckedSize reach_of(std::span<const StridedDimension> dimensions) {
  Reach reach;
  for (const StridedDimension& each : dimensions) reach.add(each.size, each.stride);
  return reach.elements();
}

// Whether dimensions nest, so that no two elements share a place: a step along one passes all of
// those with shorter steps. Sorts them.
bool places_are_apart(std::span<StridedDimension> dimensions);

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_STRIDED_PLACES_H_
