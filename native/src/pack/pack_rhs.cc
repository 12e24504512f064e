#include "pack/pack_rhs.h"

#include <algorithm>
#include <cstring>

#include "pack/pack_panel.h"

namespace octavo {
namespace {

AlignedBuffer<int32_t> shifted_zero_points(const octavo_weights& weights, size_t padded_n) {
  const int32_t shift = weights.type == OCTAVO_U8 ? 128 : 0;
  const auto shifted = [&](size_t n) {
    if (weights.zero_point_count == 0) return -shift;
    return weights.zero_points[weights.zero_point_count == 1 ? 0 : n] - shift;
  };
  bool any = false;
  for (size_t n = 0; n < weights.n; ++n) any = any || shifted(n) != 0;
  if (!any) return {};
  AlignedBuffer<int32_t> zero_points(padded_n);
  std::fill_n(zero_points.data(), padded_n, 0);
  for (size_t n = 0; n < weights.n; ++n) zero_points.data()[n] = shifted(n);
  return zero_points;
}

}  // namespace

PackedRhs pack_rhs(const octavo_weights& weights, const PackedLayout& layout) {
  const size_t padded_n = layout.padded_n(weights.n);
  const size_t padded_k = layout.padded_k(weights.k);
  PackedRhs packed;
  packed.layout = layout;
  packed.k = weights.k;
  packed.n = weights.n;
  packed.panels = AlignedBuffer<int8_t>(padded_k * padded_n);
  packed.column_sums = AlignedBuffer<int32_t>(padded_n);
  if (packed.panels.size() != 0) std::memset(packed.panels.data(), 0, packed.panels.size());
  std::fill_n(packed.column_sums.data(), padded_n, 0);
  for (size_t first = 0; first < weights.n; first += layout.nr) {
    const size_t columns = std::min<size_t>(layout.nr, padded_n - first);
    const ColumnRange range{first, std::min(columns, weights.n - first)};
    pack_panel(weights, range, {layout.kr, columns}, packed.panels.data() + first * padded_k,
               packed.column_sums.data() + first);
  }
  packed.zero_points = shifted_zero_points(weights, padded_n);
  return packed;
}

}  // namespace octavo
