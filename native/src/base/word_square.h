// Transposition of a square of 32-bit words that vectors of 128 bits hold.
#ifndef OCTAVO_SRC_BASE_WORD_SQUARE_H_
#define OCTAVO_SRC_BASE_WORD_SQUARE_H_

#include <cstddef>
#include <cstdint>

namespace octavo {

inline constexpr size_t kWordSquare = 4;

typedef uint32_t WordVector __attribute__((vector_size(kWordSquare * sizeof(uint32_t))));

inline void transpose_rows(WordVector (&rows)[kWordSquare]) {
  const WordVector even_low = __builtin_shufflevector(rows[0], rows[2], 0, 4, 1, 5);
  const WordVector even_high = __builtin_shufflevector(rows[0], rows[2], 2, 6, 3, 7);
  const WordVector odd_low = __builtin_shufflevector(rows[1], rows[3], 0, 4, 1, 5);
  const WordVector odd_high = __builtin_shufflevector(rows[1], rows[3], 2, 6, 3, 7);
  rows[0] = __builtin_shufflevector(even_low, odd_low, 0, 4, 1, 5);
  rows[1] = __builtin_shufflevector(even_low, odd_low, 2, 6, 3, 7);
  rows[2] = __builtin_shufflevector(even_high, odd_high, 0, 4, 1, 5);
  rows[3] = __builtin_shufflevector(even_high, odd_high, 2, 6, 3, 7);
}

}  // namespace octavo

#endif  // OCTAVO_SRC_BASE_WORD_SQUARE_H_
