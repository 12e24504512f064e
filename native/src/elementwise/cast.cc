#include "elementwise/cast.h"

#include <type_traits>

#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

template <typename From, typename To>
To cast_element(From value) {
  if constexpr (std::is_same_v<To, uint8_t>) {
    return value != 0 ? 1 : 0;
  } else {
    return static_cast<To>(value);
  }
}

template <typename From, typename To>
void run(const void* in, void* out, size_t count) {
  const From* from = static_cast<const From*>(in);
  To* to = static_cast<To*>(out);
  parallel_ranges(count, kElementsPerTask, [&](size_t first, size_t size) {
    for (size_t i = first; i < first + size; ++i) to[i] = cast_element<From, To>(from[i]);
  });
}

constexpr size_t kTypes = static_cast<size_t>(Element::count);

// By the order of Element: from, to.
constexpr CastFn kCasts[kTypes][kTypes] = {
    {nullptr, &run<int32_t, int64_t>, &run<int32_t, float>, &run<int32_t, uint8_t>},
    {&run<int64_t, int32_t>, nullptr, &run<int64_t, float>, &run<int64_t, uint8_t>},
    {nullptr, nullptr, nullptr, &run<float, uint8_t>},
    {&run<uint8_t, int32_t>, &run<uint8_t, int64_t>, &run<uint8_t, float>, nullptr},
};

}  // namespace

CastFn cast(Element from, Element to) {
  return kCasts[static_cast<size_t>(from)][static_cast<size_t>(to)];
}

}  // namespace octavo
