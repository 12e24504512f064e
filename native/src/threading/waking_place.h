// Where threads wake. Some schedulers, in virtual machines above all, put a thread on the processor
// of the one that wakes or starts it, which is busy, and leave both there for milliseconds while
// other processors idle.
#ifndef OCTAVO_SRC_THREADING_WAKING_PLACE_H_
#define OCTAVO_SRC_THREADING_WAKING_PLACE_H_

#include <thread>

// Android has the kernel, but not the calls.
#if defined(__linux__) && !defined(__ANDROID__)
#define OCTAVO_PLACES_THREADS 1
#include <sched.h>
#else
#define OCTAVO_PLACES_THREADS 0
#endif

namespace octavo {

// The processor that this thread runs on; -1 where the system does not tell.
int current_processor();

// Of one thread.
class WakingPlace {
 public:
  // For the one that is about to wake `thread`, or has just started it: not on `processor`, if the
  // thread may run on others.
  void keep_off(std::thread::native_handle_type thread, int processor);
  // For the thread, once it is awake: it may run again wherever it could.
  void leave();

 private:
#if OCTAVO_PLACES_THREADS
  cpu_set_t allowed_;
  bool kept_off_ = false;
#endif
};

}  // namespace octavo

#endif  // OCTAVO_SRC_THREADING_WAKING_PLACE_H_
