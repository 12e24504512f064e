#include "float_epilogue_arguments.h"

namespace octavo::napi {

const float* optional_floats(const Arguments& arguments, size_t index, const char* name,
                             const CheckedSize& count) {
  const Elements elements = arguments.optional(index, name, OCTAVO_F32);
  if (!elements.present) return nullptr;
  arguments.require_at_least(name, elements.count, count);
  return static_cast<const float*>(elements.data);
}

void read_activation(const Arguments& arguments, size_t index, octavo_float_epilogue& epilogue) {
  const Elements activation = arguments.one_of(index, "activation", {OCTAVO_F32}, "a Float32Array");
  arguments.require_count("activation", activation.count, 3);
  const float* numbers = static_cast<const float*>(activation.data);
  constexpr auto kFirst = static_cast<float>(OCTAVO_IDENTITY);
  constexpr auto kLast = static_cast<float>(OCTAVO_HARD_SWISH);
  if (!(numbers[0] >= kFirst && numbers[0] <= kLast)) {
    arguments.fail("activation", "one of the activations", std::to_string(numbers[0]));
  }
  epilogue.activation = static_cast<octavo_activation>(numbers[0]);
  epilogue.alpha = numbers[1];
  epilogue.beta = numbers[2];
}

uint32_t read_threads(const Arguments& arguments, size_t index) {
  const int32_t threads = arguments.integer(index, "threads");
  if (threads < 0) arguments.fail("threads", "no negative number", std::to_string(threads));
  return static_cast<uint32_t>(threads);
}

}  // namespace octavo::napi
