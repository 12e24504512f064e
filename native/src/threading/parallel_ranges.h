// Loops over many small elements, cut into tasks that are worth waking a thread for.
#ifndef OCTAVO_SRC_THREADING_PARALLEL_RANGES_H_
#define OCTAVO_SRC_THREADING_PARALLEL_RANGES_H_

#include <cstddef>

#include "base/math.h"
#include "threading/parallel_for.h"

namespace octavo {

// A few microseconds of a cheap operation on float elements.
inline constexpr size_t kElementsPerTask = 16384;

// Calls run(first, size) for consecutive ranges that cover [0, count), each of `per_task` elements
// but the last.
template <typename Run>
void parallel_ranges(size_t count, size_t per_task, Run&& run) {
  if (count <= per_task) {
    if (count != 0) run(size_t{0}, count);
    return;
  }
  parallel_for(div_up(count, per_task), 0, [&](size_t task) {
    const size_t first = task * per_task;
    run(first, min_size(per_task, count - first));
  });
}

}  // namespace octavo

#endif  // OCTAVO_SRC_THREADING_PARALLEL_RANGES_H_
