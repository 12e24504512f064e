// Threads that runs wait on instead of JavaScript's: started on demand, never more than runs at
// once and octavo_threads().
#ifndef OCTAVO_SRC_PROGRAM_EXECUTOR_H_
#define OCTAVO_SRC_PROGRAM_EXECUTOR_H_

#include <functional>

namespace octavo {

// Calls `work` soon in another thread; it must not throw. Throws std::bad_alloc and
// std::system_error, and then it is not called.
void run_later(std::function<void()> work);

// Waits until all that was handed in is done and ends the threads. Later calls start new ones.
void stop_executor();

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_EXECUTOR_H_
