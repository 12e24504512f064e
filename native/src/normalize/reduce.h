// Reductions of float tensors along one axis.
#ifndef OCTAVO_SRC_NORMALIZE_REDUCE_H_
#define OCTAVO_SRC_NORMALIZE_REDUCE_H_

#include <cstddef>
#include <cstdint>

#include "cpu/isa.h"

namespace octavo {

enum class Reduction {
#define OCTAVO_REDUCTION(name) name,
#include "normalize/reductions.inc"
#undef OCTAVO_REDUCTION
};

// A contiguous tensor [outer][size][inner], whose middle axis goes; `size` is at least 1.
struct ReductionShape {
  size_t outer, size, inner;
};

// max and min give NaN where an element is NaN. Sums are of float32 partial sums, in an order that
// depends on the tier.
void reduce(Reduction reduction, const float* in, const ReductionShape& shape, float* out,
            IsaSet available = active_isa());

// The first or last index of the largest (or smallest) element along the axis.
void arg_extreme(const float* in, const ReductionShape& shape, bool largest, bool last,
                 int64_t* out);

}  // namespace octavo

#endif  // OCTAVO_SRC_NORMALIZE_REDUCE_H_
