#include "program/op_reader.h"

#include <bit>
#include <new>

namespace octavo {

void OpReader::expect(bool holds, const char* name, const char* expected) const {
  if (!holds) throw InvalidArgument{std::string(op_) + ": " + name + ": expected " + expected};
}

const Slot* OpReader::next_slot(const char* name) {
  expect(next_operand_ < operands_.size(), name, "an operand");
  const int32_t at = operands_[next_operand_++];
  if (at == -1) return nullptr;
  expect(at >= 0 && static_cast<size_t>(at) < slots_.size(), name, "the number of a slot");
  return &slots_[static_cast<size_t>(at)];
}

Operand OpReader::checked(const char* name, const Slot* slot, const CheckedSize& bytes,
                          size_t element) {
  expect(bytes.fits() && bytes.value() <= slot->operand.bytes, name, "a larger slot");
  expect(slot->operand.offset % element == 0, name, "an aligned slot");
  Operand operand = slot->operand;
  size_t& alignment = alignments_[operand.base];
  if (bytes.value() != 0 && alignment < element) alignment = element;
  operand.bytes = bytes.value();
  return operand;
}

Operand OpReader::input(const char* name, const CheckedSize& bytes, size_t element) {
  const Slot* slot = next_slot(name);
  expect(slot != nullptr, name, "an operand");
  return checked(name, slot, bytes, element);
}

Operand OpReader::optional_input(const char* name, const CheckedSize& bytes, size_t element) {
  const Slot* slot = next_slot(name);
  return slot == nullptr ? Operand{} : checked(name, slot, bytes, element);
}

Operand OpReader::output(const char* name, const CheckedSize& bytes, size_t element) {
  const Operand operand = optional_output(name, bytes, element);
  expect(operand.present, name, "an operand");
  return operand;
}

Operand OpReader::optional_output(const char* name, const CheckedSize& bytes, size_t element) {
  const Slot* slot = next_slot(name);
  if (slot == nullptr) return {};
  expect(slot->writable, name, "memory that may be written");
  return checked(name, slot, bytes, element);
}

int32_t OpReader::word(const char* name) {
  expect(next_word_ < words_.size(), name, "a word");
  return words_[next_word_++];
}

size_t OpReader::size(const char* name) {
  const int32_t value = word(name);
  expect(value >= 0, name, "no negative number");
  return static_cast<size_t>(value);
}

size_t OpReader::index(const char* name, size_t highest) {
  const size_t value = size(name);
  expect(value <= highest, name, "a smaller number");
  return value;
}

float OpReader::number(const char* name) { return std::bit_cast<float>(word(name)); }

octavo_type OpReader::type(const char* name) {
  const octavo_type type = word(name);
  expect(type == OCTAVO_S8 || type == OCTAVO_U8 || type == OCTAVO_S32 || type == OCTAVO_F32, name,
         "a type");
  return type;
}

octavo_type OpReader::byte_type(const char* name) {
  const octavo_type type = word(name);
  expect(type == OCTAVO_S8 || type == OCTAVO_U8, name, "a type of 8 bits");
  return type;
}

octavo_type OpReader::quantized_type(const char* name) {
  const octavo_type type = word(name);
  expect(type == OCTAVO_S8 || type == OCTAVO_U8 || type == OCTAVO_S16 || type == OCTAVO_U16 ||
             type == OCTAVO_S32,
         name, "an integer type");
  return type;
}

void OpReader::expect_disjoint(const Operand& a, const Operand& b) const {
  if (!a.present || !b.present || a.base != b.base || a.bytes == 0 || b.bytes == 0) return;
  const bool apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
  expect(apart, "output", "memory apart from the inputs");
}

bool OpReader::same_memory(const Operand& a, const Operand& b) {
  return a.base == b.base && a.offset == b.offset && a.bytes == b.bytes;
}

void OpReader::expect_elementwise(const Operand& input, const Operand& output) const {
  if (!same_memory(input, output)) expect_disjoint(input, output);
}

void OpReader::finish() const {
  expect(next_operand_ == operands_.size(), "operands", "fewer");
  expect(next_word_ == words_.size(), "words", "fewer");
}

void require_ok(octavo_status status) {
  if (status == OCTAVO_OUT_OF_MEMORY) throw std::bad_alloc();
  if (status != OCTAVO_OK) throw InvalidArgument{octavo_last_error()};
}

}  // namespace octavo
