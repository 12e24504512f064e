// What the accumulators of a tile start from, so that a kernel only multiplies and adds.
//
// With a' = a + s the value that the kernel reads, za' = za + s its zero point, and likewise b',
// zb' for the stored weights:
//   sum (a - za)(b - zb) = sum a' b' - za' * (colsum - K zb') - zb' * rowsum
// so    init[i][j] = bias[j] - za'[i] * (colsum[j] - K zb'[j]) - zb'[j] * rowsum[i]    (mod 2^32)
// which is the same for all rows unless there are row zero points or weight zero points.
#ifndef OCTAVO_SRC_GEMM_ACCUMULATOR_INIT_H_
#define OCTAVO_SRC_GEMM_ACCUMULATOR_INIT_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "gemm/gemm.h"

namespace octavo {

// Rows that a driver passes through an epilogue at once.
inline constexpr size_t kRowsAtOnce = 36;

class AccumulatorInit {
 public:
  // `shift` is s above.
  AccumulatorInit(const GemmProblem& problem, int32_t shift);

  // `row_sums` are those of the rows from `first` on, needed where weights have zero points.
  void begin_rows(size_t first, const uint32_t* row_sums);
  // Prepares the columns [first, first + columns); `padded` of them are readable.
  // `terms` are subtracted from them, unless null.
  void begin_columns(size_t first, size_t columns, size_t padded, const int32_t* terms);

  // Initial values for `count` <= kRowsAtOnce rows from `row`, counted from begin_rows' first.
  const int32_t* rows(size_t row, size_t count);
  size_t stride() const { return shared_ ? 0 : kMaxPanelColumns; }

 private:
  int32_t zero_point(size_t row) const;
  void fill_row(uint32_t zero_point, uint32_t row_sum, int32_t* init) const;

  const GemmProblem& problem_;
  int32_t shift_;
  bool shared_;
  size_t first_row_ = 0;
  const uint32_t* row_sums_ = nullptr;
  size_t padded_ = 0;
  alignas(kCacheLine) uint32_t bias_[kMaxPanelColumns];
  alignas(kCacheLine) uint32_t lhs_factor_[kMaxPanelColumns];  // colsum - K zb'
  alignas(kCacheLine) uint32_t rhs_zero_point_[kMaxPanelColumns];
  alignas(kCacheLine) int32_t init_[kRowsAtOnce * kMaxPanelColumns];
};

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_ACCUMULATOR_INIT_H_
