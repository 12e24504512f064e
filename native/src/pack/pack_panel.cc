#include "pack/pack_panel.h"

#include <algorithm>
#include <cstring>

#include "base/word_square.h"

namespace octavo {
namespace {

// Weights of a column that are packed at once: a panel of them stays in the first cache, and their
// sum in 16 bits.
constexpr size_t kDepthAtOnce = 512;
// The kr of the layouts that vectors are packed for: a word is what a lane of a panel takes.
constexpr size_t kWord = sizeof(uint32_t);

typedef uint8_t ByteVector __attribute__((vector_size(16)));
typedef uint16_t HalfVector __attribute__((vector_size(16)));

// Flipping the top bit maps unsigned w to signed w - 128.
uint8_t sign_flip(octavo_type type) { return type == OCTAVO_U8 ? 0x80 : 0x00; }

void add(int32_t& sum, uint32_t value) {
  sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + value);
}

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

// Four columns of neighbouring weights into a panel of kr = 4, a square of words at a time. Returns
// how deep whole squares reach, at most `k`.
size_t pack_squares(const uint8_t* source, size_t stride, size_t k, uint8_t flip, size_t columns,
                    int8_t* __restrict block, int32_t* __restrict sums) {
  constexpr size_t kDepth = kWordSquare * kWord;
  const size_t depth = k / kDepth * kDepth;
  const ByteVector signs = ByteVector{} + flip, bias = ByteVector{} + uint8_t{0x80};
  HalfVector biased[kWordSquare] = {};
  for (size_t first = 0; first < depth; first += kDepth) {
    WordVector square[kWordSquare];
    for (size_t lane = 0; lane < kWordSquare; ++lane) {
      ByteVector bytes;
      std::memcpy(&bytes, source + lane * stride + first, sizeof bytes);
      bytes ^= signs;
      const HalfVector halves = reinterpret_cast<HalfVector>(bytes ^ bias);
      biased[lane] += (halves & 0xff) + (halves >> 8);
      square[lane] = reinterpret_cast<WordVector>(bytes);
    }
    transpose_rows(square);
    for (size_t word = 0; word < kWordSquare; ++word) {
      std::memcpy(block + (first / kWord + word) * columns * kWord, &square[word],
                  sizeof square[word]);
    }
  }
  for (size_t lane = 0; lane < kWordSquare; ++lane) {
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof(HalfVector) / sizeof(uint16_t); ++i) sum += biased[lane][i];
    add(sums[lane], sum - static_cast<uint32_t>(128 * depth));
  }
  return depth;
}

// Columns of neighbouring weights, at most kDepthAtOnce of them each, into lanes of a panel.
void pack_columns(const uint8_t* source, size_t n_stride, size_t k_stride, size_t lanes, size_t k,
                  uint8_t flip, PanelShape shape, int8_t* block, int32_t* sums) {
  const bool squares = k_stride == 1 && shape.kr == kWord;
  for (size_t lane = 0; lane < lanes;) {
    const size_t group = squares && lanes - lane >= kWordSquare ? kWordSquare : 1;
    const uint8_t* columns = source + lane * n_stride;
    int8_t* to = block + lane * shape.kr;
    const size_t done =
        group == 1 ? 0 : pack_squares(columns, n_stride, k, flip, shape.columns, to, sums + lane);
    for (const size_t end = lane + group; lane < end; ++lane, to += shape.kr, columns += n_stride) {
      add(sums[lane], pack_column(columns + done * k_stride, k_stride, k - done, flip, shape.kr,
                                  shape.columns * shape.kr, to + done * shape.columns));
    }
  }
}

// Four rows of neighbouring weights into a panel of kr = 4; adds to the columns' sums.
void pack_rows(const uint8_t* __restrict source, size_t stride, size_t columns, uint8_t flip,
               int8_t* __restrict block, int32_t* __restrict sums) {
  for (size_t i = 0; i < columns; ++i) {
    int32_t sum = 0;
    for (size_t row = 0; row < kWord; ++row) {
      const int8_t weight = static_cast<int8_t>(source[row * stride + i] ^ flip);
      block[i * kWord + row] = weight;
      sum += weight;
    }
    add(sums[i], static_cast<uint32_t>(sum));
  }
}

}  // namespace

void pack_panel(const octavo_weights& weights, ColumnRange range, PanelShape shape, int8_t* panel,
                int32_t* sums) {
  const uint8_t* source =
      static_cast<const uint8_t*>(weights.data) + range.first * weights.n_stride;
  const uint8_t flip = sign_flip(weights.type);
  size_t depth = 0;
  if (weights.n_stride == 1 && shape.kr == kWord) {
    for (; depth + kWord <= weights.k; depth += kWord) {
      pack_rows(source + depth * weights.k_stride, weights.k_stride, range.count, flip,
                panel + depth * shape.columns, sums);
    }
  }
  for (; depth < weights.k; depth += kDepthAtOnce) {
    pack_columns(source + depth * weights.k_stride, weights.n_stride, weights.k_stride, range.count,
                 std::min(kDepthAtOnce, weights.k - depth), flip, shape,
                 panel + depth * shape.columns, sums);
  }
}

}  // namespace octavo
