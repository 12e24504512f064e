#include "pack/pack_rhs.h"

#include <algorithm>
#include <cstring>

namespace octavo {
namespace {

// Flipping the top bit maps unsigned w to signed w - 128.
uint8_t sign_flip(octavo_type type) { return type == OCTAVO_U8 ? 0x80 : 0x00; }

// Column `n` of the weights into lane `lane` of a panel of `columns` columns; returns its sum.
int32_t pack_column(const octavo_weights& weights, size_t n, size_t columns, size_t lane, size_t kr,
                    int8_t* panel) {
  const uint8_t flip = sign_flip(weights.type);
  const uint8_t* source = static_cast<const uint8_t*>(weights.data) + n * weights.n_stride;
  int8_t* block = panel + lane * kr;
  uint32_t sum = 0;
  for (size_t k = 0; k < weights.k; k += kr, block += columns * kr) {
    const size_t depth = std::min(kr, weights.k - k);
    for (size_t i = 0; i < depth; ++i, source += weights.k_stride) {
      block[i] = static_cast<int8_t>(*source ^ flip);
      sum += static_cast<uint32_t>(static_cast<int32_t>(block[i]));
    }
  }
  return static_cast<int32_t>(sum);
}

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
    int8_t* panel = packed.panels.data() + first * padded_k;
    for (size_t lane = 0; lane < std::min(columns, weights.n - first); ++lane) {
      packed.column_sums.data()[first + lane] =
          pack_column(weights, first + lane, columns, lane, layout.kr, panel);
    }
  }
  packed.zero_points = shifted_zero_points(weights, padded_n);
  return packed;
}

}  // namespace octavo
