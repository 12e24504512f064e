// Programs that other threads of the process may open: JavaScript handles cannot be cloned, numbers
// can.
#ifndef OCTAVO_SRC_PROGRAM_REGISTRY_H_
#define OCTAVO_SRC_PROGRAM_REGISTRY_H_

#include <cstdint>
#include <memory>

#include "program/program.h"

namespace octavo {

struct ProgramToken {
  uint32_t id;
  uint32_t generation;  // tells a program from an earlier one of the same id
};

// The registry does not keep a program alive: whoever shared or opened it does.
ProgramToken share_program(const std::shared_ptr<const Program>& program);
// Null where nobody holds the program any more, or ever did.
std::shared_ptr<const Program> open_program(ProgramToken token);

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_REGISTRY_H_
