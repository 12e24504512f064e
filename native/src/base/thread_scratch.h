// Working memory that each thread keeps from call to call.
#ifndef OCTAVO_SRC_BASE_THREAD_SCRATCH_H_
#define OCTAVO_SRC_BASE_THREAD_SCRATCH_H_

#include <cstddef>
#include <cstdint>

namespace octavo {

// What the memory is for: uses do not share theirs.
enum class Scratch { task, image, rows, count };

// `bytes` of memory, aligned to a cache line, that are this thread's until it asks for the same use
// again. Null where there is no memory: tasks of a parallel loop must not throw.
uint8_t* thread_scratch(size_t bytes, Scratch use = Scratch::task) noexcept;

}  // namespace octavo

#endif  // OCTAVO_SRC_BASE_THREAD_SCRATCH_H_
