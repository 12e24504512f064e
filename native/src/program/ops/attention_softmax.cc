// Weights of attention from its scores: softmax(scale * score + mask) over the keys. Operands:
// scores ([batch][heads][queries][keys]), mask (or left out), output, which may be the scores.
// Words: batch, heads, queries, keys, scale, whether it is causal, offset (causal: query i sees
// keys up to i + offset), the four strides of the mask in elements (0 where it repeats).
#include "normalize/normalize.h"
#include "program/op_reader.h"

namespace octavo {
namespace {

class AttentionSoftmax final : public Op {
 public:
  explicit AttentionSoftmax(OpReader& reader) {
    size_t* const sizes[] = {&scores_.batch, &scores_.heads, &scores_.queries, &scores_.keys};
    for (size_t* size : sizes) *size = reader.size("sizes");
    scores_.scale = reader.number("scale");
    scores_.causal = reader.index("causal", 1) == 1;
    scores_.offset = reader.word("offset");
    CheckedSize elements(1), last_of_mask(0);
    for (size_t i = 0; i < 4; ++i) {
      const size_t stride = reader.size("strides of the mask");
      reader.expect(i < 3 || stride <= 1, "strides of the mask", "a last one of 0 or 1");
      scores_.mask_strides[i] = stride;
      elements = elements.times(*sizes[i]);
      const size_t last = *sizes[i] == 0 ? 0 : *sizes[i] - 1;
      last_of_mask = last_of_mask.plus(CheckedSize(last).times(stride).value());
    }
    const CheckedSize bytes = elements.times(sizeof(float));
    input_ = reader.input("scores", bytes, sizeof(float));
    mask_ = reader.optional_input("mask", last_of_mask.plus(1).times(sizeof(float)), sizeof(float));
    output_ = reader.output("output", bytes, sizeof(float));
    reader.expect_elementwise(input_, output_);
    reader.expect_disjoint(mask_, output_);
  }

  void run(const Frame& frame) const override {
    AttentionScores scores = scores_;
    scores.in = input_.in<const float>(frame);
    scores.mask = mask_.in<const float>(frame);
    scores.out = output_.in<float>(frame);
    attention_softmax(scores);
  }

 private:
  AttentionScores scores_{};
  Operand input_, mask_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_attention_softmax(OpReader& reader) {
  return std::make_unique<AttentionSoftmax>(reader);
}

}  // namespace octavo
