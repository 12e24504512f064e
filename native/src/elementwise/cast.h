// Integers and truth values as elements of another type.
#ifndef OCTAVO_SRC_ELEMENTWISE_CAST_H_
#define OCTAVO_SRC_ELEMENTWISE_CAST_H_

#include "elementwise/element.h"

namespace octavo {

// `in` and `out` hold `count` elements, apart from each other.
using CastFn = void (*)(const void* in, void* out, size_t count);

// Floats are rounded to nearest even, int32 keeps the low bits of int64, and bytes become truth
// values (whether an element is not 0). Null from float32 to integers, and between equal types.
CastFn cast(Element from, Element to);

}  // namespace octavo

#endif  // OCTAVO_SRC_ELEMENTWISE_CAST_H_
