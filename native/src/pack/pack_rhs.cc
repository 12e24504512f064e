#include "pack/pack_rhs.h"

#include <algorithm>
#include <cstring>

namespace octavo {
namespace {

// Flipping the top bit maps unsigned w to signed w - 128.
uint8_t sign_flip(octavo_type type) { return type == OCTAVO_U8 ? 0x80 : 0x00; }

// Weights of a column that are packed at once: a panel of them stays in the first cache.
constexpr size_t kDepthAtOnce = 512;

// `k` neighbouring weights, a multiple of sizeof(Word) = kr, into a lane of a panel.
template <typename Word>
uint32_t pack_words(const uint8_t* source, size_t k, uint8_t flip, size_t block_stride,
                    int8_t* __restrict block) {
  const Word flips = static_cast<Word>(static_cast<Word>(~Word{0}) / 255 * flip);
  for (size_t first = 0; first < k; first += sizeof(Word), block += block_stride) {
    Word word;
    std::memcpy(&word, source + first, sizeof(Word));
    word ^= flips;
    std::memcpy(block, &word, sizeof(Word));
  }
  uint32_t sum = 0;
  for (size_t i = 0; i < k; ++i) {
    sum += static_cast<uint32_t>(static_cast<int8_t>(source[i] ^ flip));
  }
  return sum;
}

// `k` weights of a column, `stride` bytes apart, into a lane of a panel; returns their sum.
uint32_t pack_column(const uint8_t* source, size_t stride, size_t k, uint8_t flip, size_t kr,
                     size_t block_stride, int8_t* __restrict block) {
  const bool whole = stride == 1 && k % kr == 0;
  if (whole && kr == 4) return pack_words<uint32_t>(source, k, flip, block_stride, block);
  if (whole && kr == 8) return pack_words<uint64_t>(source, k, flip, block_stride, block);
  uint32_t sum = 0;
  for (size_t first = 0; first < k; first += kr, block += block_stride) {
    const size_t depth = std::min(kr, k - first);
    for (size_t i = 0; i < depth; ++i, source += stride) {
      block[i] = static_cast<int8_t>(*source ^ flip);
      sum += static_cast<uint32_t>(static_cast<int32_t>(block[i]));
    }
  }
  return sum;
}

constexpr size_t kRowsAtOnce = 4;

// Four rows of `columns` neighbouring weights into a panel of kr = 4; adds to the columns' sums.
void pack_rows(const uint8_t* __restrict source, size_t stride, size_t columns, uint8_t flip,
               int8_t* __restrict block, int32_t* __restrict sums) {
  for (size_t i = 0; i < columns; ++i) {
    int32_t sum = 0;
    for (size_t row = 0; row < kRowsAtOnce; ++row) {
      const int8_t weight = static_cast<int8_t>(source[row * stride + i] ^ flip);
      block[i * kRowsAtOnce + row] = weight;
      sum += weight;
    }
    sums[i] = static_cast<int32_t>(static_cast<uint32_t>(sums[i]) + static_cast<uint32_t>(sum));
  }
}

// `lanes` columns of weights from `source` on into a panel that is `columns` wide; adds to their
// sums.
void pack_panel(const octavo_weights& weights, const uint8_t* source, size_t lanes, size_t kr,
                size_t columns, int8_t* panel, int32_t* sums) {
  const uint8_t flip = sign_flip(weights.type);
  size_t depth = 0;
  if (weights.n_stride == 1 && kr == kRowsAtOnce) {
    for (; depth + kRowsAtOnce <= weights.k; depth += kRowsAtOnce) {
      pack_rows(source + depth * weights.k_stride, weights.k_stride, lanes, flip,
                panel + depth * columns, sums);
    }
  }
  for (; depth < weights.k; depth += kDepthAtOnce) {
    const size_t k = std::min(kDepthAtOnce, weights.k - depth);
    for (size_t lane = 0; lane < lanes; ++lane) {
      const uint8_t* column = source + lane * weights.n_stride + depth * weights.k_stride;
      sums[lane] =
          static_cast<int32_t>(static_cast<uint32_t>(sums[lane]) +
                               pack_column(column, weights.k_stride, k, flip, kr, columns * kr,
                                           panel + depth * columns + lane * kr));
    }
  }
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
    pack_panel(weights, static_cast<const uint8_t*>(weights.data) + first * weights.n_stride,
               std::min(columns, weights.n - first), layout.kr, columns,
               packed.panels.data() + first * padded_k, packed.column_sums.data() + first);
  }
  packed.zero_points = shifted_zero_points(weights, padded_n);
  return packed;
}

}  // namespace octavo
