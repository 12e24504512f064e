#include "threading/parallel_for.h"

#include <atomic>
#include <thread>

#include "octavo/threads.h"

namespace octavo {
namespace {

std::atomic<uint32_t> default_threads{1};

}  // namespace

void parallel_for(size_t tasks, uint32_t threads, TaskFn run, void* context) {
  static_cast<void>(threads);
  for (size_t task = 0; task < tasks; ++task) run(context, task);
}

}  // namespace octavo

uint32_t octavo_threads(void) { return octavo::default_threads; }

void octavo_set_threads(uint32_t threads) { octavo::default_threads = threads == 0 ? 1 : threads; }
