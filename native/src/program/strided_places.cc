#include "program/strided_places.h"

#include <algorithm>

namespace octavo {

bool places_are_apart(std::span<StridedDimension> dimensions) {
  std::sort(dimensions.begin(), dimensions.end(),
            [](const StridedDimension& a, const StridedDimension& b) { return a.stride < b.stride; });
  Reach passed;
  for (const StridedDimension& each : dimensions) {
    if (each.size > 1 && each.stride < passed.elements().value()) return false;
    passed.add(each.size, each.stride);
  }
  return true;
}

}  // namespace octavo
