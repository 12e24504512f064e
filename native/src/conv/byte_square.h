// Transposition of a square of bytes that vectors of 128 bits hold.
#ifndef OCTAVO_SRC_CONV_BYTE_SQUARE_H_
#define OCTAVO_SRC_CONV_BYTE_SQUARE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

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

// out[c * out_stride + r] = in[r * in_stride + c] for r, c < kByteSquare.
inline void transpose_byte_square(const uint8_t* in, size_t in_stride, uint8_t* out,
                                  size_t out_stride) {
  ByteVector a[kByteSquare];
#pragma GCC unroll 16
  for (size_t r = 0; r < kByteSquare; ++r) std::memcpy(&a[r], in + r * in_stride, kByteSquare);
  transpose_rows(a);
#pragma GCC unroll 16
  for (size_t c = 0; c < kByteSquare; ++c) std::memcpy(out + c * out_stride, &a[c], kByteSquare);
}

// The same for r < rows: what lies beyond them in `out` is overwritten as far as a vector reaches.
inline void transpose_few_byte_rows(const uint8_t* in, size_t rows, size_t in_stride, uint8_t* out,
                                    size_t out_stride) {
  ByteVector a[kByteSquare];
#pragma GCC unroll 16
  for (size_t r = 0; r < kByteSquare; ++r) {
    a[r] = ByteVector{};
    if (r < rows) std::memcpy(&a[r], in + r * in_stride, kByteSquare);
  }
  transpose_rows(a);
#pragma GCC unroll 16
  for (size_t c = 0; c < kByteSquare; ++c) std::memcpy(out + c * out_stride, &a[c], kByteSquare);
}

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_BYTE_SQUARE_H_
