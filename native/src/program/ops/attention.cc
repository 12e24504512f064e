// Attention by heads (attention/attention.h). Operands: queries, keys, values, mask (or left out),
// output. Words: batch, key heads, query heads for each of them, queries, keys, width of these and
// of values, scale, whether it is causal, offset, the four strides of the mask, then those of
// queries, keys, values and output by image, head and row, all in elements. Keys and values do not
// overlap from row to row, nor the elements of the output; that is apart from all others.
#include "attention/attention.h"

#include <array>

#include "program/op_reader.h"
#include "program/strided_places.h"

namespace octavo {
namespace {

class AttentionOp final : public Op {
 public:
  explicit AttentionOp(OpReader& reader) {
    for (size_t* size : {&args_.batch, &args_.key_heads, &args_.group, &args_.queries, &args_.keys,
                         &args_.width, &args_.value_width}) {
      *size = reader.size("sizes");
    }
    args_.scale = reader.number("scale");
    args_.causal = reader.index("causal", 1) == 1;
    args_.offset = reader.word("offset");
    for (size_t& stride : args_.mask_strides) stride = reader.size("strides of the mask");
    reader.expect(args_.mask_strides[3] <= 1, "strides of the mask", "a last one of 0 or 1");
    for (HeadStrides* strides :
         {&args_.q_strides, &args_.k_strides, &args_.v_strides, &args_.out_strides}) {
      for (size_t* stride : {&strides->image, &strides->head, &strides->row}) {
        *stride = reader.size("strides");
      }
    }
    const bool apart =
        args_.k_strides.row >= args_.width && args_.v_strides.row >= args_.value_width;
    reader.expect(args_.keys <= 1 || apart, "strides along keys", "at least the widths");
    read_operands(reader);
  }

  void run(const Frame& frame) const override {
    AttentionArgs args = args_;
    args.q = queries_.in<const float>(frame);
    args.k = keys_.in<const float>(frame);
    args.v = values_.in<const float>(frame);
    args.mask = mask_.in<const float>(frame);
    args.out = output_.in<float>(frame);
    attend(args);
  }

 private:
  void read_operands(OpReader& reader) {
    const size_t heads = CheckedSize(args_.key_heads).times(args_.group).value();
    const auto matrix = [&](size_t count, size_t rows, size_t width, const HeadStrides& strides) {
      return std::array<StridedDimension, 4>{{{args_.batch, strides.image},
                                              {count, strides.head},
                                              {rows, strides.row},
                                              {width, 1}}};
    };
    const auto bytes = [](std::span<const StridedDimension> dimensions) {
      return reach_of(dimensions).times(sizeof(float));
    };
    const size_t* const strides = args_.mask_strides;
    const StridedDimension mask[] = {{args_.batch, strides[0]},
                                     {heads, strides[1]},
                                     {args_.queries, strides[2]},
                                     {args_.keys, strides[3]}};
    auto outputs = matrix(heads, args_.queries, args_.value_width, args_.out_strides);
    const auto input = [&](const char* name, size_t count, size_t rows, size_t width,
                           const HeadStrides& from) {
      return reader.input(name, bytes(matrix(count, rows, width, from)), sizeof(float));
    };
    queries_ = input("queries", heads, args_.queries, args_.width, args_.q_strides);
    keys_ = input("keys", args_.key_heads, args_.keys, args_.width, args_.k_strides);
    values_ = input("values", args_.key_heads, args_.keys, args_.value_width, args_.v_strides);
    mask_ = reader.optional_input("mask", bytes(mask), sizeof(float));
    output_ = reader.output("output", bytes(outputs), sizeof(float));
    for (const Operand& each : {queries_, keys_, values_, mask_}) {
      reader.expect_disjoint(each, output_);
    }
    const bool apart = reach_of(outputs).value() == 0 || places_are_apart(outputs);
    reader.expect(apart, "strides of the output", "elements that do not lie over one another");
  }

  AttentionArgs args_{};
  Operand queries_, keys_, values_, mask_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_attention(OpReader& reader) {
  return std::make_unique<AttentionOp>(reader);
}

}  // namespace octavo
