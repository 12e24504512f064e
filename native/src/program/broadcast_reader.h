// Shapes of two operands and their broadcast result among the parameters of an op.
#ifndef OCTAVO_SRC_PROGRAM_BROADCAST_READER_H_
#define OCTAVO_SRC_PROGRAM_BROADCAST_READER_H_

#include <span>

#include "elementwise/broadcast.h"
#include "program/op_reader.h"

namespace octavo {

struct BroadcastShapes {
  CheckedSize a, b, out;  // elements
  Broadcast shape;
};

// Words: rank of a, its dimensions, rank of b, its dimensions; ranks of at most kMaxRank.
inline BroadcastShapes read_broadcast(OpReader& reader) {
  size_t dimensions[2][kMaxRank];
  size_t ranks[2];
  CheckedSize elements[2] = {CheckedSize(1), CheckedSize(1)};
  for (size_t side = 0; side < 2; ++side) {
    ranks[side] = reader.index("rank", kMaxRank);
    for (size_t i = 0; i < ranks[side]; ++i) {
      dimensions[side][i] = reader.size("dimension");
      elements[side] = elements[side].times(dimensions[side][i]);
    }
  }
  const auto shape =
      broadcast(std::span(dimensions[0], ranks[0]), std::span(dimensions[1], ranks[1]));
  reader.expect(shape.has_value(), "dimensions", "shapes that broadcast");
  CheckedSize out(1);
  for (size_t i = 0; i < shape->rank; ++i) out = out.times(shape->shape[i]);
  return {elements[0], elements[1], out, *shape};
}

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_BROADCAST_READER_H_
