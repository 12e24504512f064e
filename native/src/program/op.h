// One step of a program: made once from checked parameters, run any number of times.
#ifndef OCTAVO_SRC_PROGRAM_OP_H_
#define OCTAVO_SRC_PROGRAM_OP_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace octavo {

// Where the memory of one run is: the arena, then constant blocks, inputs and outputs.
struct Frame {
  uint8_t* const* bases;
};

// A stretch of memory whose bounds were checked when the program was made.
struct Operand {
  uint32_t base = 0;
  size_t offset = 0;
  size_t bytes = 0;
  bool present = false;

  template <typename T = uint8_t>
  T* in(const Frame& frame) const {
    return present ? reinterpret_cast<T*>(frame.bases[base] + offset) : nullptr;
  }
};

class Op {
 public:
  virtual ~Op() = default;
  // Throws InvalidArgument and std::bad_alloc. May run in several threads at once, each with its
  // own frame.
  virtual void run(const Frame& frame) const = 0;
};

class OpReader;
using MakeOp = std::unique_ptr<const Op> (*)(OpReader& reader);

#define OCTAVO_OP(name) std::unique_ptr<const Op> make_##name(OpReader& reader);
#include "program/ops.inc"
#undef OCTAVO_OP

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_OP_H_
