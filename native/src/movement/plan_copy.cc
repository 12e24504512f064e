#include <algorithm>
#include <vector>

#include "movement/strided_copy.h"

namespace octavo {
namespace {

struct Dimension {
  size_t size;
  ptrdiff_t in, out;
};

ptrdiff_t magnitude(ptrdiff_t stride) { return stride < 0 ? -stride : stride; }

// `inner` follows `outer`: whether one step of outer is all steps of inner, on both sides.
bool runs_through(const Dimension& outer, const Dimension& inner) {
  const ptrdiff_t size = static_cast<ptrdiff_t>(inner.size);
  return outer.in == inner.in * size && outer.out == inner.out * size;
}

}  // namespace

std::optional<StridedCopy> plan_copy(std::span<const size_t> shape,
                                     std::span<const ptrdiff_t> in_strides,
                                     std::span<const ptrdiff_t> out_strides) {
  std::vector<Dimension> dimensions;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 1) dimensions.push_back({shape[i], in_strides[i], out_strides[i]});
  }
  std::stable_sort(
      dimensions.begin(), dimensions.end(),
      [](const Dimension& a, const Dimension& b) { return magnitude(a.out) > magnitude(b.out); });
  std::vector<Dimension> merged;
  for (const Dimension& dimension : dimensions) {
    if (!merged.empty() && runs_through(merged.back(), dimension)) {
      merged.back() = {merged.back().size * dimension.size, dimension.in, dimension.out};
    } else {
      merged.push_back(dimension);
    }
  }
  if (merged.size() > kMaxCopyRank) return std::nullopt;
  StridedCopy copy;
  for (const Dimension& dimension : merged) {
    copy.shape[copy.rank] = dimension.size;
    copy.in_strides[copy.rank] = dimension.in;
    copy.out_strides[copy.rank++] = dimension.out;
  }
  return copy;
}

std::optional<StridedCopy> plan_transpose(std::span<const size_t> in_shape,
                                          std::span<const size_t> permutation) {
  const size_t rank = in_shape.size();
  std::vector<ptrdiff_t> strides(rank), in_strides(rank), out_strides(rank);
  std::vector<size_t> shape(rank);
  ptrdiff_t stride = 1;
  for (size_t i = rank; i > 0; stride *= static_cast<ptrdiff_t>(in_shape[--i])) {
    strides[i - 1] = stride;
  }
  stride = 1;
  for (size_t i = rank; i > 0; --i) {
    shape[i - 1] = in_shape[permutation[i - 1]];
    in_strides[i - 1] = strides[permutation[i - 1]];
    out_strides[i - 1] = stride;
    stride *= static_cast<ptrdiff_t>(shape[i - 1]);
  }
  return plan_copy(shape, in_strides, out_strides);
}

}  // namespace octavo
