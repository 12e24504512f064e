#include "threading/parallel_for.h"

#include "threading/thread_pool.h"

namespace octavo {
namespace {

thread_local uint32_t thread_limit = 0;

}  // namespace

void parallel_for(size_t tasks, uint32_t threads, TaskFn run, void* context) {
  if (tasks > 1 && threads != 1 && !inside_task()) {
    const uint32_t usable = usable_threads(threads);
    if (usable > 1) return ThreadPool::instance().run(tasks, usable, run, context);
  }
  for (size_t task = 0; task < tasks; ++task) run(context, task);
}

uint32_t usable_threads() {
  if (inside_task()) return 1;
  return thread_limit != 0 ? thread_limit : ThreadPool::instance().threads();
}

ThreadLimit::ThreadLimit(uint32_t threads) : outer_(thread_limit) { thread_limit = threads; }

ThreadLimit::~ThreadLimit() { thread_limit = outer_; }

}  // namespace octavo
