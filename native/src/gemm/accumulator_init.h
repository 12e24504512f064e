// What the accumulators of a panel start from, so that a kernel only multiplies and adds.
//
// With a' = a + s the byte that the kernel reads, za' = za + s its zero point, and likewise b', zb'
// for the stored weights:
//   sum (a - za)(b - zb) = sum a' b' - za' * (colsum - K zb') - zb' * rowsum
// so    init[i][j] = bias[j] - za'[i] * (colsum[j] - K zb'[j]) - zb'[j] * rowsum[i]    (mod 2^32)
// which is the same for all rows unless there are row zero points or weight zero points.
#ifndef OCTAVO_SRC_GEMM_ACCUMULATOR_INIT_H_
#define OCTAVO_SRC_GEMM_ACCUMULATOR_INIT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "gemm/gemm.h"
#include "gemm/select.h"

namespace octavo {

class AccumulatorInit {
 public:
  AccumulatorInit(const GemmProblem& problem, octavo_type kernel_lhs);

  // Sums the rows [first, first + count) of the problem when weight zero points need it.
  void begin_rows(size_t first, size_t count);
  // Prepares the columns [first, first + columns) of one panel; `padded` of them are readable.
  void begin_panel(size_t first, size_t columns, size_t padded);

  // Initial values for `count` rows from `row`, counted from begin_rows' first.
  const int32_t* rows(size_t row, size_t count);
  size_t stride() const { return shared_ ? 0 : kMaxPanelColumns; }

 private:
  int32_t zero_point(size_t row) const;
  void fill_row(uint32_t zero_point, uint32_t row_sum, int32_t* init) const;

  const GemmProblem& problem_;
  int32_t shift_;
  bool shared_;
  size_t first_row_ = 0;
  std::vector<uint32_t> row_sums_;
  size_t padded_ = 0;
  alignas(kCacheLine) uint32_t bias_[kMaxPanelColumns];
  alignas(kCacheLine) uint32_t lhs_factor_[kMaxPanelColumns];  // colsum - K zb'
  alignas(kCacheLine) uint32_t rhs_zero_point_[kMaxPanelColumns];
  alignas(kCacheLine) int32_t init_[kMaxTileRows * kMaxPanelColumns];
};

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_ACCUMULATOR_INIT_H_
