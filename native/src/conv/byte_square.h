// Transposition of a square of bytes that vectors of 128 bits hold.
#ifndef OCTAVO_SRC_CONV_BYTE_SQUARE_H_
#define OCTAVO_SRC_CONV_BYTE_SQUARE_H_

#include <cstddef>
#include <cstdint>

namespace octavo {

inline constexpr size_t kByteSquare = 16;

typedef uint8_t ByteVector __attribute__((vector_size(kByteSquare)));

// A round of perfect shuffles: each takes the highest bit of the row to the lowest of the column,
// and that of the column to the lowest of the row.
inline void shuffle_rows(const ByteVector (&in)[kByteSquare], ByteVector (&out)[kByteSquare]) {
#pragma GCC unroll 8
  for (size_t i = 0; i < kByteSquare / 2; ++i) {
    const ByteVector a = in[i], b = in[i + kByteSquare / 2];
    out[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7,
                                         23);
    out[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14,
                                             30, 15, 31);
  }
}

inline void transpose_rows(ByteVector (&rows)[kByteSquare]) {
  ByteVector turned[kByteSquare];
  shuffle_rows(rows, turned);
  shuffle_rows(turned, rows);
  shuffle_rows(rows, turned);
  shuffle_rows(turned, rows);
}

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_BYTE_SQUARE_H_
