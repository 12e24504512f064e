// Runs one op of programs: each operand in a memory of its own.
#ifndef OCTAVO_TEST_ONE_OP_PROGRAM_H_
#define OCTAVO_TEST_ONE_OP_PROGRAM_H_

#include <cstring>
#include <string_view>
#include <vector>

#include "program/program.h"

namespace octavo::test {

inline int32_t op_number(std::string_view name) {
  const auto names = op_names();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<int32_t>(i);
  }
  return -1;
}

// Operands and words in the order in which the op reads them.
class OneOpProgram {
 public:
  explicit OneOpProgram(std::string_view op) : op_(op_number(op)) {}

  template <typename T>
  OneOpProgram& constant(const std::vector<T>& values) {
    constants_.push_back(bytes_of(values));
    operands_.push_back({Kind::constant, constants_.size() - 1});
    return *this;
  }
  template <typename T>
  OneOpProgram& input(const std::vector<T>& values) {
    inputs_.push_back(bytes_of(values));
    operands_.push_back({Kind::input, inputs_.size() - 1});
    return *this;
  }
  template <typename T>
  OneOpProgram& output(size_t count) {
    outputs_.emplace_back(count * sizeof(T));
    operands_.push_back({Kind::output, outputs_.size() - 1});
    return *this;
  }
  OneOpProgram& left_out() {
    operands_.push_back({Kind::left_out, 0});
    return *this;
  }
  OneOpProgram& word(int32_t value) {
    words_.push_back(value);
    return *this;
  }
  OneOpProgram& word(float value) {
    int32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return word(bits);
  }
  OneOpProgram& words(const std::vector<size_t>& values) {
    for (size_t value : values) word(static_cast<int32_t>(value));
    return *this;
  }
  OneOpProgram& weights(PackedWeights packed) {
    word(static_cast<int32_t>(weights_.size()));
    weights_.push_back(std::move(packed));
    return *this;
  }
  size_t word_count() const { return words_.size(); }
  void set_word(size_t at, int32_t value) { words_[at] = value; }

  // Throws what making and running the program throws.
  void run() {
    ProgramSpec spec;
    std::vector<double> slots;
    std::vector<int32_t> code{op_, static_cast<int32_t>(operands_.size()),
                              static_cast<int32_t>(words_.size())};
    for (const Operand& operand : operands_) {
      if (operand.kind == Kind::left_out) {
        code.push_back(-1);
        continue;
      }
      code.push_back(static_cast<int32_t>(slots.size() / 3));
      slots.insert(slots.end(), {static_cast<double>(base_of(operand)), 0.0,
                                 static_cast<double>(memory_of(operand).size())});
    }
    code.insert(code.end(), words_.begin(), words_.end());
    for (const auto& values : constants_) {
      auto block = std::make_shared<ConstantBlock>(values.size());
      if (!values.empty()) std::memcpy(block->data(), values.data(), values.size());
      spec.constants.push_back(block);
    }
    for (const auto& memory : inputs_) spec.input_bytes.push_back(memory.size());
    for (const auto& memory : outputs_) spec.output_bytes.push_back(memory.size());
    spec.code = code;
    spec.slots = slots;
    spec.weights = weights_;
    const Program program(spec);
    std::vector<const uint8_t*> in;
    std::vector<uint8_t*> out;
    for (const auto& memory : inputs_) in.push_back(memory.data());
    for (auto& memory : outputs_) out.push_back(memory.data());
    program.run({in, out});
  }

  template <typename T>
  std::vector<T> result(size_t index = 0) const {
    std::vector<T> values(outputs_[index].size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), outputs_[index].data(), outputs_[index].size());
    return values;
  }

 private:
  enum class Kind { constant, input, output, left_out };
  struct Operand {
    Kind kind;
    size_t index;
  };

  template <typename T>
  static std::vector<uint8_t> bytes_of(const std::vector<T>& values) {
    const uint8_t* data = reinterpret_cast<const uint8_t*>(values.data());
    return {data, data + values.size() * sizeof(T)};
  }
  size_t base_of(const Operand& operand) const {
    if (operand.kind == Kind::constant) return 1 + operand.index;
    const size_t first_input = 1 + constants_.size();
    if (operand.kind == Kind::input) return first_input + operand.index;
    return first_input + inputs_.size() + operand.index;
  }
  const std::vector<uint8_t>& memory_of(const Operand& operand) const {
    if (operand.kind == Kind::constant) return constants_[operand.index];
    return operand.kind == Kind::input ? inputs_[operand.index] : outputs_[operand.index];
  }

  int32_t op_;
  std::vector<Operand> operands_;
  std::vector<int32_t> words_;
  std::vector<std::vector<uint8_t>> constants_, inputs_, outputs_;
  std::vector<PackedWeights> weights_;
};

}  // namespace octavo::test

#endif  // OCTAVO_TEST_ONE_OP_PROGRAM_H_
