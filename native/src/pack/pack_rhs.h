// Weights in a microkernel's layout, with what the accumulator's initial value needs beside them.
#ifndef OCTAVO_SRC_PACK_PACK_RHS_H_
#define OCTAVO_SRC_PACK_PACK_RHS_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "octavo/octavo.h"
#include "pack/packed_layout.h"

namespace octavo {

// Weights are always stored signed: unsigned ones w as w - 128, zero points alike. All-zero
// shifted zero points are dropped, since they cost row sums of the left-hand side.
struct PackedRhs {
  PackedLayout layout{};
  size_t k = 0;
  size_t n = 0;
  AlignedBuffer<int8_t> panels;
  AlignedBuffer<int32_t> column_sums;  // padded_n values, of the stored weights
  AlignedBuffer<int32_t> zero_points;  // empty, or padded_n values

  bool has_zero_points() const { return zero_points.size() != 0; }
  // Every panel before the last has `nr` columns.
  const int8_t* panel(size_t first_column) const {
    return panels.data() + first_column * layout.padded_k(k);
  }
  size_t bytes() const { return panels.bytes() + column_sums.bytes() + zero_points.bytes(); }
};

// Arguments must have been checked (see api/octavo_c.cc). Throws std::bad_alloc.
PackedRhs pack_rhs(const octavo_weights& weights, const PackedLayout& layout);

}  // namespace octavo

#endif  // OCTAVO_SRC_PACK_PACK_RHS_H_
