// Element types among the parameters of an op.
#ifndef OCTAVO_SRC_PROGRAM_ELEMENT_READER_H_
#define OCTAVO_SRC_PROGRAM_ELEMENT_READER_H_

#include "elementwise/element.h"
#include "program/op_reader.h"

namespace octavo {

// A word: the position in Element.
inline Element read_element(OpReader& reader) {
  return static_cast<Element>(
      reader.index("element type", static_cast<size_t>(Element::count) - 1));
}

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_ELEMENT_READER_H_
