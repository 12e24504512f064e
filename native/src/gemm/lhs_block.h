// Rows of the left-hand side in the signs that a microkernel reads.
#ifndef OCTAVO_SRC_GEMM_LHS_BLOCK_H_
#define OCTAVO_SRC_GEMM_LHS_BLOCK_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "octavo/octavo.h"

namespace octavo {

// Signed and unsigned bytes differ by 128, that is by the top bit.
constexpr int32_t sign_shift(octavo_type from, octavo_type to) {
  if (from == to) return 0;
  return to == OCTAVO_U8 ? 128 : -128;
}

struct LhsBlock {
  const uint8_t* rows;
  size_t stride;  // in bytes
};

// Copies rows in blocks small enough for the cache, where the kernel cannot read the caller's.
class LhsStage {
 public:
  LhsStage(octavo_type from, octavo_type to, size_t m, size_t k);
  // Rows that `block` takes at once; all of them when nothing is copied.
  size_t block_rows() const { return block_rows_; }
  // The result lives until the next call.
  LhsBlock block(const uint8_t* rows, size_t stride, size_t count);

 private:
  bool flip_;
  size_t k_;
  size_t stride_;
  size_t block_rows_;
  AlignedBuffer<uint8_t> buffer_;
};

// Sum of the `k` bytes of a row, read as `type`, modulo 2^32.
uint32_t row_sum(const uint8_t* row, size_t k, octavo_type type);

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_LHS_BLOCK_H_
