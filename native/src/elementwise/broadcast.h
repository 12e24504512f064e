// Broadcasting of two operands, reduced to rows with constant steps.
#ifndef OCTAVO_SRC_ELEMENTWISE_BROADCAST_H_
#define OCTAVO_SRC_ELEMENTWISE_BROADCAST_H_

#include <cstddef>
#include <optional>
#include <span>

#include "threading/parallel_ranges.h"

namespace octavo {

inline constexpr size_t kMaxRank = 8;

// The result in row-major order, with dimensions merged where both operands allow it. Strides are
// in elements; those of the last dimension are 0 or 1, and both 0 only where all its size is 1.
struct Broadcast {
  size_t rank = 1;
  size_t shape[kMaxRank] = {1};
  size_t a_strides[kMaxRank] = {0};
  size_t b_strides[kMaxRank] = {0};

  size_t columns() const { return shape[rank - 1]; }
  size_t rows() const;
  size_t a_step() const { return a_strides[rank - 1]; }
  size_t b_step() const { return b_strides[rank - 1]; }
};

// ONNX's multidirectional broadcasting of contiguous tensors. Nothing where the shapes do not go
// together or the result has more than kMaxRank dimensions after those of size 1 are dropped.
std::optional<Broadcast> broadcast(std::span<const size_t> a, std::span<const size_t> b);

// Where the operands' rows begin, for one row of the result.
struct RowOrigins {
  size_t a, b;
};
RowOrigins row_origins(const Broadcast& shape, size_t row);

// Calls run(a, b, out, count) with the first elements of runs that cover the result.
template <typename Run>
void for_each_run(const Broadcast& shape, Run&& run) {
  const size_t columns = shape.columns(), rows = shape.rows();
  if (rows == 1) {
    return parallel_ranges(columns, kElementsPerTask, [&](size_t first, size_t size) {
      run(first * shape.a_step(), first * shape.b_step(), first, size);
    });
  }
  if (columns == 0) return;
  parallel_ranges(rows, div_up(kElementsPerTask, columns), [&](size_t first, size_t size) {
    for (size_t row = first; row < first + size; ++row) {
      const RowOrigins origins = row_origins(shape, row);
      run(origins.a, origins.b, row * columns, columns);
    }
  });
}

}  // namespace octavo

#endif  // OCTAVO_SRC_ELEMENTWISE_BROADCAST_H_
