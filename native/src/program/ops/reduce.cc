// Reductions of floats along one axis, an op for each line of normalize/reductions.inc, and the
// index of the largest or smallest element. Operands: input ([outer][size][inner]), output
// ([outer][inner]; int64 for indices). Words: outer, size (at least 1), inner; for indices also
// whether the largest is wanted and whether the last of several.
#include "normalize/reduce.h"

#include "program/op_reader.h"

namespace octavo {
namespace {

ReductionShape read_shape(OpReader& reader) {
  const ReductionShape shape{reader.size("outer"), reader.size("size"), reader.size("inner")};
  reader.expect(shape.size >= 1, "size", "at least 1");
  return shape;
}

struct Operands {
  Operands(OpReader& reader, const ReductionShape& shape, size_t element) {
    const CheckedSize lines = CheckedSize(shape.outer).times(shape.inner);
    input = reader.input("input", lines.times(shape.size).times(sizeof(float)), sizeof(float));
    output = reader.output("output", lines.times(element), element);
    reader.expect_disjoint(input, output);
  }
  Operand input, output;
};

class Reduce final : public Op {
 public:
  Reduce(OpReader& reader, Reduction reduction)
      : reduction_(reduction), shape_(read_shape(reader)), operands_(reader, shape_, 4) {}

  void run(const Frame& frame) const override {
    if (shape_.outer == 0 || shape_.inner == 0) return;
    reduce(reduction_, operands_.input.in<const float>(frame), shape_,
           operands_.output.in<float>(frame));
  }

 private:
  Reduction reduction_;
  ReductionShape shape_;
  Operands operands_;
};

class ArgExtreme final : public Op {
 public:
  explicit ArgExtreme(OpReader& reader)
      : shape_(read_shape(reader)),
        largest_(reader.index("largest", 1) == 1),
        last_(reader.index("last", 1) == 1),
        operands_(reader, shape_, sizeof(int64_t)) {}

  void run(const Frame& frame) const override {
    arg_extreme(operands_.input.in<const float>(frame), shape_, largest_, last_,
                operands_.output.in<int64_t>(frame));
  }

 private:
  ReductionShape shape_;
  bool largest_, last_;
  Operands operands_;
};

}  // namespace

#define OCTAVO_REDUCTION(name)                                     \
  std::unique_ptr<const Op> make_reduce_##name(OpReader& reader) { \
    return std::make_unique<Reduce>(reader, Reduction::name);      \
  }
#include "normalize/reductions.inc"
#undef OCTAVO_REDUCTION

std::unique_ptr<const Op> make_arg_extreme(OpReader& reader) {
  return std::make_unique<ArgExtreme>(reader);
}

}  // namespace octavo
