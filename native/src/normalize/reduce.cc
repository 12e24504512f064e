#include "normalize/reduce.h"

#include <algorithm>
#include <cmath>

#include "elementwise/binary.h"
#include "elementwise/unary.h"
#include "normalize/row_kernels.h"
#include "threading/parallel_ranges.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<RowKernels> kRowTiers[] = {
#define OCTAVO_ROW_TIER(isa, tier) {isa, &rows_##tier},
    OCTAVO_TIERS(OCTAVO_ROW_TIER)
#undef OCTAVO_ROW_TIER
};
constexpr Tier<BinaryKernels> kBinaryTiers[] = {
#define OCTAVO_BINARY_TIER(isa, tier) {isa, &binary_##tier},
    OCTAVO_TIERS(OCTAVO_BINARY_TIER)
#undef OCTAVO_BINARY_TIER
};
constexpr Tier<UnaryKernels> kUnaryTiers[] = {
#define OCTAVO_UNARY_TIER(isa, tier) {isa, &unary_##tier},
    OCTAVO_TIERS(OCTAVO_UNARY_TIER)
#undef OCTAVO_UNARY_TIER
};

// A reduction as what is done to each element, how elements combine, and what is done to the
// result.
struct Steps {
  ReduceFn RowKernels::*row;
  UnaryOp before;  // count for none
  BinaryOp combine;
  bool mean;
  bool root;
};

constexpr Steps steps_of(Reduction reduction) {
  switch (reduction) {
    case Reduction::max:
      return {&RowKernels::max, UnaryOp::count, BinaryOp::max, false, false};
    case Reduction::min:
      return {&RowKernels::min, UnaryOp::count, BinaryOp::min, false, false};
    case Reduction::l1:
      return {&RowKernels::sum_abs, UnaryOp::abs, BinaryOp::add, false, false};
    case Reduction::l2:
      return {&RowKernels::sum_square, UnaryOp::square, BinaryOp::add, false, true};
    case Reduction::sum_square:
      return {&RowKernels::sum_square, UnaryOp::square, BinaryOp::add, false, false};
    default:
      return {&RowKernels::sum, UnaryOp::count, BinaryOp::add, reduction == Reduction::mean, false};
  }
}

float finished(float value, const Steps& steps, size_t size) {
  if (steps.mean) return value / static_cast<float>(size);
  return steps.root ? std::sqrt(value) : value;
}

// Columns that are combined together, in the first-level cache.
constexpr size_t kColumns = 512;

class ColumnReducer {
 public:
  ColumnReducer(const Steps& steps, const ReductionShape& shape, IsaSet available)
      : steps_(steps),
        shape_(shape),
        combine_(select_tier(kBinaryTiers, available).run[static_cast<size_t>(steps.combine)]),
        before_(steps.before == UnaryOp::count
                    ? nullptr
                    : select_tier(kUnaryTiers, available).run[static_cast<size_t>(steps.before)]) {}

  void run(const float* in, size_t columns, float* out) const {
    float mapped[kColumns];
    std::copy_n(prepared(in, columns, mapped), columns, out);
    for (size_t i = 1; i < shape_.size; ++i) {
      combine_(out, 1, prepared(in + i * shape_.inner, columns, mapped), 1, out, columns);
    }
    for (size_t c = 0; c < columns; ++c) out[c] = finished(out[c], steps_, shape_.size);
  }

 private:
  const float* prepared(const float* in, size_t columns, float* mapped) const {
    if (before_ == nullptr) return in;
    before_(in, mapped, columns, {});
    return mapped;
  }

  const Steps& steps_;
  const ReductionShape& shape_;
  BinaryFn combine_;
  UnaryFn before_;
};

}  // namespace

void reduce(Reduction reduction, const float* in, const ReductionShape& shape, float* out,
            IsaSet available) {
  const Steps steps = steps_of(reduction);
  if (shape.inner == 1) {
    const ReduceFn run = select_tier(kRowTiers, available).*steps.row;
    return parallel_ranges(
        shape.outer, div_up(kElementsPerTask, shape.size), [&](size_t first, size_t count) {
          for (size_t row = first; row < first + count; ++row) {
            out[row] = finished(run(in + row * shape.size, shape.size), steps, shape.size);
          }
        });
  }
  const ColumnReducer reducer(steps, shape, available);
  const size_t pieces = div_up(shape.inner, kColumns);
  parallel_ranges(shape.outer * pieces, div_up(kElementsPerTask, kColumns * shape.size),
                  [&](size_t first, size_t count) {
                    for (size_t piece = first; piece < first + count; ++piece) {
                      const size_t outer = piece / pieces, column = piece % pieces * kColumns;
                      reducer.run(in + outer * shape.size * shape.inner + column,
                                  std::min(kColumns, shape.inner - column),
                                  out + outer * shape.inner + column);
                    }
                  });
}

void arg_extreme(const float* in, const ReductionShape& shape, bool largest, bool last,
                 int64_t* out) {
  const auto better = [&](float x, float best) {
    if (x == best) return last;
    return largest ? x > best : x < best;
  };
  const size_t per_task = div_up(kElementsPerTask, shape.size);
  parallel_ranges(shape.outer * shape.inner, per_task, [&](size_t first, size_t count) {
    for (size_t i = first; i < first + count; ++i) {
      const float* line = in + i / shape.inner * shape.size * shape.inner + i % shape.inner;
      size_t best = 0;
      for (size_t k = 1; k < shape.size; ++k) {
        if (better(line[k * shape.inner], line[best * shape.inner])) best = k;
      }
      out[i] = static_cast<int64_t>(best);
    }
  });
}

}  // namespace octavo
