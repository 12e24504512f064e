// Normalizations and reductions of one contiguous row of floats, tier by tier.
// (normalize/normalize.h and normalize/reduce.h apply them to tensors.)
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_NORMALIZE_ROW_KERNELS_H_
#define OCTAVO_SRC_NORMALIZE_ROW_KERNELS_H_

#include <stddef.h>

#include "vector/tiers.h"

namespace octavo {

// `out` may be `in`; rows have at least one element.
using SoftmaxFn = void (*)(const float* in, size_t count, float* out);

// The same for each of `rows` dense rows of at most kFewColumns.
constexpr size_t kFewColumns = 4;
using SoftmaxRowsFn = void (*)(const float* in, size_t rows, size_t columns, float* out);

// y = (x - mean) / sqrt(variance + epsilon) * scale + bias; rms takes no mean off. Scale and bias
// are one for the row (step 0) or one an element (step 1); either may be null.
struct NormalizationRow {
  const float* in;
  size_t count;
  const float* scale;
  const float* bias;
  size_t step;
  float epsilon;
  float* out;
};
using NormalizeFn = void (*)(const NormalizationRow& row);

using ReduceFn = float (*)(const float* in, size_t count);

struct RowKernels {
  SoftmaxFn softmax;
  SoftmaxRowsFn softmax_rows;
  SoftmaxFn log_softmax;
  NormalizeFn normalize;
  NormalizeFn normalize_rms;
  ReduceFn sum;
  ReduceFn sum_abs;
  ReduceFn sum_square;
  ReduceFn max;
  ReduceFn min;
};

#define OCTAVO_ROW_TIER(isa, tier) extern const RowKernels rows_##tier;
OCTAVO_TIERS(OCTAVO_ROW_TIER)
#undef OCTAVO_ROW_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_NORMALIZE_ROW_KERNELS_H_
