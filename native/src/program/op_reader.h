// The parameters of one op as they come from JavaScript, checked while they are read.
#ifndef OCTAVO_SRC_PROGRAM_OP_READER_H_
#define OCTAVO_SRC_PROGRAM_OP_READER_H_

#include <span>
#include <string>
#include <vector>

#include "api/checks.h"
#include "base/math.h"
#include "program/op.h"
#include "program/packed_weights.h"

namespace octavo {

// A stretch of one of the memories of a program, within its bounds.
struct Slot {
  Operand operand;
  const uint8_t* constant = nullptr;  // where the elements are, when they never change
  bool writable = false;
};

// Values that never change.
template <typename T>
struct ConstantValues {
  const T* data = nullptr;
  size_t count = 0;
};

// Every function throws InvalidArgument where the next operand or word is not what it should be.
class OpReader {
 public:
  OpReader(const char* op, std::span<const int32_t> operands, std::span<const int32_t> words,
           std::span<const Slot> slots, std::span<const PackedWeights> weights,
           std::span<size_t> alignments)
      : op_(op),
        operands_(operands),
        words_(words),
        slots_(slots),
        weights_(weights),
        alignments_(alignments) {}

  // The next operand, of at least `bytes` bytes aligned for elements of `element` bytes.
  Operand input(const char* name, const CheckedSize& bytes, size_t element);
  Operand optional_input(const char* name, const CheckedSize& bytes, size_t element);
  Operand output(const char* name, const CheckedSize& bytes, size_t element);
  Operand optional_output(const char* name, const CheckedSize& bytes, size_t element);
  // The next operand, which is constant or left out.
  template <typename T>
  ConstantValues<T> constant(const char* name) {
    const Slot* slot = next_slot(name);
    if (slot == nullptr) return {};
    expect(slot->constant != nullptr, name, "constant values");
    expect(slot->operand.offset % sizeof(T) == 0, name, "aligned values");
    return {reinterpret_cast<const T*>(slot->constant), slot->operand.bytes / sizeof(T)};
  }

  int32_t word(const char* name);
  size_t size(const char* name);
  // At most `highest`.
  size_t index(const char* name, size_t highest);
  float number(const char* name);
  octavo_type type(const char* name);
  octavo_type byte_type(const char* name);
  // Of 8 or 16 bits, or int32.
  octavo_type quantized_type(const char* name);

  template <typename T>
  std::shared_ptr<const T> weights(const char* name) {
    const int32_t at = word(name);
    expect(at >= 0 && static_cast<size_t>(at) < weights_.size(), name, "packed weights");
    const auto* found = std::get_if<std::shared_ptr<const T>>(&weights_[static_cast<size_t>(at)]);
    expect(found != nullptr, name, "weights packed for this op");
    return *found;
  }

  void expect(bool holds, const char* name, const char* expected) const;
  void expect_disjoint(const Operand& a, const Operand& b) const;
  // Apart, or the same memory: for ops that read an element before they write it.
  void expect_elementwise(const Operand& input, const Operand& output) const;
  static bool same_memory(const Operand& a, const Operand& b);
  // All operands and words have been read.
  void finish() const;

 private:
  const Slot* next_slot(const char* name);
  Operand checked(const char* name, const Slot* slot, const CheckedSize& bytes, size_t element);

  const char* op_;
  std::span<const int32_t> operands_;
  std::span<const int32_t> words_;
  std::span<const Slot> slots_;
  std::span<const PackedWeights> weights_;
  std::span<size_t> alignments_;  // that each memory must have, raised by each operand in it
  size_t next_operand_ = 0;
  size_t next_word_ = 0;
};

// Throws what a failed call of the C API says.
void require_ok(octavo_status status);

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_OP_READER_H_
