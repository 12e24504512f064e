// Floats to 16-bit floats, rounded to nearest even, or back. Operands: input, output. Words: type
// of the input, type of the output, elements.
#include "float_gemm/pack_float.h"
#include "octavo/quantize.h"
#include "program/op_reader.h"

namespace octavo {
namespace {

class Convert final : public Op {
 public:
  explicit Convert(OpReader& reader)
      : from_(reader.word("input type")),
        to_(reader.word("output type")),
        count_(reader.size("elements")) {
    reader.expect(is_pair(from_, to_) || is_pair(to_, from_), "types",
                  "float32, and float16 or bfloat16");
    const size_t in = element_bytes(from_), out = element_bytes(to_);
    input_ = reader.input("input", CheckedSize(count_).times(in), in);
    output_ = reader.output("output", CheckedSize(count_).times(out), out);
    reader.expect_disjoint(input_, output_);
  }

  void run(const Frame& frame) const override {
    require_ok(octavo_convert(input_.in(frame), from_, count_, to_, output_.in(frame)));
  }

 private:
  static bool is_pair(octavo_type wide, octavo_type half) {
    return wide == OCTAVO_F32 && (half == OCTAVO_F16 || half == OCTAVO_BF16);
  }

  octavo_type from_, to_;
  size_t count_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_convert(OpReader& reader) {
  return std::make_unique<Convert>(reader);
}

}  // namespace octavo
