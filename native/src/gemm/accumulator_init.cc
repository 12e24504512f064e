#include "gemm/accumulator_init.h"

namespace octavo {

AccumulatorInit::AccumulatorInit(const GemmProblem& problem, int32_t shift)
    : problem_(problem),
      shift_(shift),
      shared_(problem.lhs_zero_point_count <= 1 && !problem.rhs->has_zero_points()) {}

void AccumulatorInit::begin_rows(size_t first, const uint32_t* row_sums) {
  first_row_ = first;
  row_sums_ = row_sums;
}

void AccumulatorInit::begin_columns(size_t first, size_t columns, size_t padded,
                                  const int32_t* terms) {
  const PackedRhs& rhs = *problem_.rhs;
  padded_ = padded;
  for (size_t j = 0; j < padded; ++j) {
    const bool has_bias = problem_.epilogue.bias != nullptr && j < columns;
    bias_[j] = has_bias ? static_cast<uint32_t>(problem_.epilogue.bias[first + j]) : 0;
    if (terms != nullptr) bias_[j] -= static_cast<uint32_t>(terms[j]);
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
    const uint32_t sum = row_sums_ == nullptr ? 0 : row_sums_[row + i];
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
