// Element types of ops that compute with integers and truth values as they are.
#ifndef OCTAVO_SRC_ELEMENTWISE_ELEMENT_H_
#define OCTAVO_SRC_ELEMENTWISE_ELEMENT_H_

#include <cstddef>
#include <cstdint>

namespace octavo {

// Bytes are truth values too.
enum class Element { s32, s64, f32, u8, count };

inline constexpr size_t element_bytes(Element element) {
  constexpr size_t kBytes[] = {4, 8, 4, 1};
  return kBytes[static_cast<size_t>(element)];
}

}  // namespace octavo

#endif  // OCTAVO_SRC_ELEMENTWISE_ELEMENT_H_
