#include "gemm/accumulator_init.h"

#include "gemm/lhs_block.h"

namespace octavo {

AccumulatorInit::AccumulatorInit(const GemmProblem& problem, octavo_type kernel_lhs)
    : problem_(problem),
      shift_(sign_shift(problem.lhs_type, kernel_lhs)),
      shared_(problem.lhs_zero_point_count <= 1 && !problem.rhs->has_zero_points()) {}

void AccumulatorInit::begin_rows(size_t first, size_t count) {
  first_row_ = first;
  if (!problem_.rhs->has_zero_points()) return;
  row_sums_.resize(count);
  const uint32_t shift = static_cast<uint32_t>(shift_) * static_cast<uint32_t>(problem_.rhs->k);
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* row =
        static_cast<const uint8_t*>(problem_.lhs) + (first + i) * problem_.lhs_stride;
    row_sums_[i] = row_sum(row, problem_.rhs->k, problem_.lhs_type) + shift;
  }
}

void AccumulatorInit::begin_panel(size_t first, size_t columns, size_t padded) {
  const PackedRhs& rhs = *problem_.rhs;
  padded_ = padded;
  for (size_t j = 0; j < padded; ++j) {
    const bool has_bias = problem_.epilogue.bias != nullptr && j < columns;
    bias_[j] = has_bias ? static_cast<uint32_t>(problem_.epilogue.bias[first + j]) : 0;
    lhs_factor_[j] = static_cast<uint32_t>(rhs.column_sums.data()[first + j]);
  }
  if (shared_) return fill_row(static_cast<uint32_t>(zero_point(0)), 0, init_);
  if (!rhs.has_zero_points()) return;
  for (size_t j = 0; j < padded; ++j) {
    rhs_zero_point_[j] = static_cast<uint32_t>(rhs.zero_points.data()[first + j]);
    lhs_factor_[j] -= static_cast<uint32_t>(rhs.k) * rhs_zero_point_[j];
  }
}

const int32_t* AccumulatorInit::rows(size_t row, size_t count) {
  if (shared_) return init_;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t sum = row_sums_.empty() ? 0 : row_sums_[row + i];
    fill_row(static_cast<uint32_t>(zero_point(first_row_ + row + i)), sum,
             init_ + i * kMaxPanelColumns);
  }
  return init_;
}

int32_t AccumulatorInit::zero_point(size_t row) const {
  const size_t count = problem_.lhs_zero_point_count;
  if (count == 0) return shift_;
  return problem_.lhs_zero_points[count == 1 ? 0 : row] + shift_;
}

void AccumulatorInit::fill_row(uint32_t zero_point, uint32_t row_sum, int32_t* init) const {
  for (size_t j = 0; j < padded_; ++j) {
    init[j] = static_cast<int32_t>(bias_[j] - zero_point * lhs_factor_[j]);
  }
  if (!problem_.rhs->has_zero_points()) return;
  for (size_t j = 0; j < padded_; ++j) {
    init[j] = static_cast<int32_t>(static_cast<uint32_t>(init[j]) - row_sum * rhs_zero_point_[j]);
  }
}

}  // namespace octavo
