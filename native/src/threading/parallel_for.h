// Independent tasks on the process-wide pool: the only way that anything here uses threads.
#ifndef OCTAVO_SRC_THREADING_PARALLEL_FOR_H_
#define OCTAVO_SRC_THREADING_PARALLEL_FOR_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace octavo {

using TaskFn = void (*)(void* context, size_t task);

// Calls run(context, task) once for each task in [0, tasks), in any order, on at most `threads`
// threads (0: as many as usable_threads() says); returns when all are done. The caller takes part;
// with one thread or one task no other thread is touched. Tasks must not throw. May be called from
// several threads at once and from inside a task (which then runs its tasks itself).
void parallel_for(size_t tasks, uint32_t threads, TaskFn run, void* context);

template <typename Task>
void parallel_for(size_t tasks, uint32_t threads, Task&& task) {
  parallel_for(
      tasks, threads,
      [](void* context, size_t index) {
        (*static_cast<std::remove_reference_t<Task>*>(context))(index);
      },
      const_cast<void*>(static_cast<const void*>(&task)));
}

// Threads that a call of parallel_for with 0 may use here: 1 inside a task, or the limit in force,
// or else octavo_threads(). How finely to divide work depends on it.
uint32_t usable_threads();

// The same of a call with `threads`, which is that number unless it is 0.
inline uint32_t usable_threads(uint32_t threads) {
  return threads == 0 ? usable_threads() : threads;
}

// While it exists, calls of parallel_for with 0 that this thread makes use at most `threads`
// threads; 0 sets no limit.
class ThreadLimit {
 public:
  explicit ThreadLimit(uint32_t threads);
  ~ThreadLimit();
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  uint32_t outer_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_THREADING_PARALLEL_FOR_H_
