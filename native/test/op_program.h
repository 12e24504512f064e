// Programs of one op, for tests.
#ifndef OCTAVO_TEST_OP_PROGRAM_H_
#define OCTAVO_TEST_OP_PROGRAM_H_

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "api/checks.h"
#include "program/program.h"
#include "samples.h"

namespace octavo::test {

// Operands are added in the op's order; each has a memory of exactly its bytes.
class OpProgram {
 public:
  explicit OpProgram(std::string_view name) {
    const auto names = op_names();
    while (number_ < names.size() && names[number_] != name) ++number_;
    EXPECT_LT(number_, names.size()) << name;
  }

  template <typename T>
  OpProgram& input(const std::vector<T>& values) {
    operands_.push_back({Memory::input, inputs_.size()});
    inputs_.push_back(bytes_of(values));
    return *this;
  }
  template <typename T>
  OpProgram& constant(const std::vector<T>& values) {
    operands_.push_back({Memory::constant, constants_.size()});
    const std::vector<uint8_t> bytes = bytes_of(values);
    auto block = std::make_shared<ConstantBlock>(bytes.size());
    if (!bytes.empty()) std::memcpy(block->data(), bytes.data(), bytes.size());
    constants_.push_back(block);
    return *this;
  }
  OpProgram& absent() {
    operands_.push_back({Memory::absent, 0});
    return *this;
  }
  // The output holds `before` when the op begins: operands that are the output itself.
  template <typename T>
  OpProgram& output(const std::vector<T>& before) {
    operands_.push_back({Memory::output, 0});
    output_ = bytes_of(before);
    return *this;
  }
  OpProgram& same_as_output() {
    operands_.push_back({Memory::output, 0});
    return *this;
  }
  OpProgram& weights(PackedWeights packed) {
    words_.push_back(static_cast<int32_t>(weights_.size()));
    weights_.push_back(std::move(packed));
    return *this;
  }
  OpProgram& words(std::initializer_list<size_t> words) {
    for (const size_t word : words) words_.push_back(static_cast<int32_t>(word));
    return *this;
  }
  OpProgram& number(float value) {
    words_.push_back(std::bit_cast<int32_t>(value));
    return *this;
  }

  std::vector<int32_t>& raw_words() { return words_; }
  std::vector<double>& slot_bytes_taken() { return taken_; }

  // Throws InvalidArgument and what the run throws.
  template <typename T>
  std::vector<T> run() const {
    const Description description = describe();
    const Program program(description.spec);
    std::vector<const uint8_t*> inputs;
    for (const auto& input : inputs_) inputs.push_back(input.data());
    std::vector<uint8_t> out = output_;
    uint8_t* const outputs[] = {out.data()};
    program.run({inputs, outputs});
    std::vector<T> values(out.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), out.data(), out.size());
    return values;
  }

 private:
  enum class Memory { input, constant, output, absent };
  struct OperandPlace {
    Memory memory;
    size_t index;
  };
  struct Description {
    std::vector<int32_t> code;
    std::vector<double> slots;
    ProgramSpec spec;
  };

  template <typename T>
  static std::vector<uint8_t> bytes_of(const std::vector<T>& values) {
    std::vector<uint8_t> bytes(values.size() * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }

  Description describe() const {
    Description made;
    made.code = {static_cast<int32_t>(number_), static_cast<int32_t>(operands_.size()),
                 static_cast<int32_t>(words_.size())};
    for (size_t i = 0; i < operands_.size(); ++i) {
      const OperandPlace& place = operands_[i];
      if (place.memory == Memory::absent) {
        made.code.push_back(-1);
        continue;
      }
      made.code.push_back(static_cast<int32_t>(made.slots.size() / 3));
      const double taken = i < taken_.size() ? taken_[i] : 0;
      made.slots.insert(made.slots.end(), {static_cast<double>(memory_of(place)), 0.0,
                                           std::max(0.0, bytes_at(place) - taken)});
    }
    made.code.insert(made.code.end(), words_.begin(), words_.end());
    made.spec.code = made.code;
    made.spec.slots = made.slots;
    made.spec.constants = constants_;
    for (const auto& input : inputs_) made.spec.input_bytes.push_back(input.size());
    made.spec.output_bytes = {output_.size()};
    made.spec.weights = weights_;
    return made;
  }

  size_t memory_of(const OperandPlace& place) const {
    if (place.memory == Memory::constant) return 1 + place.index;
    const size_t inputs = 1 + constants_.size();
    return place.memory == Memory::input ? inputs + place.index : inputs + inputs_.size();
  }
  double bytes_at(const OperandPlace& place) const {
    if (place.memory == Memory::constant) {
      return static_cast<double>(constants_[place.index]->size());
    }
    return static_cast<double>(
        (place.memory == Memory::input ? inputs_[place.index] : output_).size());
  }

  size_t number_ = 0;
  std::vector<OperandPlace> operands_;
  std::vector<int32_t> words_;
  std::vector<double> taken_;
  std::vector<std::vector<uint8_t>> inputs_;
  std::vector<std::shared_ptr<const ConstantBlock>> constants_;
  std::vector<PackedWeights> weights_;
  std::vector<uint8_t> output_;
};

// A description that lacks an operand's last byte, or has a word more or less, is refused; whatever
// else the words are, it is refused or stays within its memory (sanitizers watch).
inline void expect_checked(const OpProgram& op, size_t operands, uint32_t seed) {
  EXPECT_NO_THROW(op.run<uint8_t>());
  for (size_t i = 0; i < operands; ++i) {
    OpProgram shorter = op;
    shorter.slot_bytes_taken().assign(operands, 0);
    shorter.slot_bytes_taken()[i] = 1;
    EXPECT_THROW(shorter.run<uint8_t>(), InvalidArgument) << "operand " << i;
  }
  OpProgram more = op, less = op;
  more.raw_words().push_back(0);
  less.raw_words().pop_back();
  EXPECT_THROW(more.run<uint8_t>(), InvalidArgument);
  EXPECT_THROW(less.run<uint8_t>(), InvalidArgument);
  Samples samples(seed);
  for (int round = 0; round < 300; ++round) {
    OpProgram changed = op;
    std::vector<int32_t>& words = changed.raw_words();
    for (int i = 0; i < 2; ++i) {
      const int32_t at = samples.integer(0, static_cast<int32_t>(words.size()) - 1);
      words[static_cast<size_t>(at)] = samples.integer(0, 3) == 0
                                           ? samples.integer(INT32_MIN, INT32_MAX)
                                           : samples.integer(-2, 9);
    }
    try {
      changed.run<uint8_t>();
    } catch (const InvalidArgument&) {
    } catch (const std::bad_alloc&) {
    }
  }
}

}  // namespace octavo::test

#endif  // OCTAVO_TEST_OP_PROGRAM_H_
