// What an op does with words that no compiler of programs writes.
#ifndef OCTAVO_TEST_ALTERED_WORDS_H_
#define OCTAVO_TEST_ALTERED_WORDS_H_

#include <cstdint>

#include "api/checks.h"
#include "one_op_program.h"
#include "samples.h"

namespace octavo::test {

// Runs programs from `make` with one word changed in each: to any number, or to one of -2 to
// `largest`, among which are those that mean something. Returns how many were refused as invalid;
// throws what else they throw.
template <typename Make>
size_t refused_when_altered(const Make& make, Samples& samples, int32_t largest) {
  size_t refused = 0;
  for (int round = 0; round < 300; ++round) {
    OneOpProgram changed = make();
    const int32_t last = static_cast<int32_t>(changed.word_count()) - 1;
    const int32_t value = samples.integer(0, 1) == 0 ? samples.integer(INT32_MIN, INT32_MAX)
                                                     : samples.integer(-2, largest);
    changed.set_word(static_cast<size_t>(samples.integer(0, last)), value);
    try {
      changed.run();
    } catch (const InvalidArgument&) {
      ++refused;
    }
  }
  return refused;
}

}  // namespace octavo::test

#endif  // OCTAVO_TEST_ALTERED_WORDS_H_
