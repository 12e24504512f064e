// Rows of the left-hand side in the form that a kernel reads.
#ifndef OCTAVO_SRC_GEMM_LHS_BLOCK_H_
#define OCTAVO_SRC_GEMM_LHS_BLOCK_H_

#include <cstddef>
#include <cstdint>

#include "gemm/gemm.h"
#include "gemm/select.h"

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
  // `paired` is null where the kernel's own function runs.
  LhsStage(const GemmProblem& problem, const Microkernel& kernel, const PairedKernel* paired);

  // Rows that load() takes at once.
  size_t block_rows() const { return block_rows_; }
  // Memory that load() needs for a block of `rows`.
  size_t bytes(size_t rows) const;
  // The rows [first, first + count). `terms` takes a paired kernel's row terms; `sums` takes the
  // sum of each row as the kernel reads it, modulo 2^32, unless it is null.
  LhsBlock load(size_t first, size_t count, uint8_t* memory, int32_t* terms, uint32_t* sums) const;

 private:
  bool copies() const {
    return problem_.image == nullptr &&
           (paired_ != nullptr || flip_ || align_ || problem_.gather.run != nullptr);
  }
  size_t block_bytes() const;
  LhsBlock load_pairs(size_t first, size_t count, uint8_t* memory, int32_t* terms,
                      uint32_t* sums) const;
  // Of the caller's, or gathered into `memory`: at most kGatheredRows of them.
  LhsBlock source_rows(size_t first, size_t count, uint8_t* memory) const;
  // Calls use(row, index) for `count` rows from `first`.
  template <typename Use>
  void for_each_source_row(size_t first, size_t count, uint8_t* memory, const Use& use) const;

  const GemmProblem& problem_;
  const PairedKernel* paired_;
  bool flip_;
  bool align_;
  octavo_type read_as_;
  size_t k_;
  size_t stride_;
  size_t block_rows_;
};

// Sum of the `k` bytes of a row, read as `type`, modulo 2^32.
uint32_t row_sum(const uint8_t* row, size_t k, octavo_type type);

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_LHS_BLOCK_H_
