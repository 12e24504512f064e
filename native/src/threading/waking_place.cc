#include "threading/waking_place.h"

#if OCTAVO_PLACES_THREADS
#include <pthread.h>
#endif

namespace octavo {

#if OCTAVO_PLACES_THREADS

int current_processor() { return sched_getcpu(); }

void WakingPlace::keep_off(std::thread::native_handle_type thread, int processor) {
  if (kept_off_ || processor < 0 || processor >= CPU_SETSIZE) return;
  if (pthread_getaffinity_np(thread, sizeof allowed_, &allowed_) != 0) return;
  cpu_set_t others = allowed_;
  CPU_CLR(processor, &others);
  if (CPU_COUNT(&others) == 0) return;
  kept_off_ = pthread_setaffinity_np(thread, sizeof others, &others) == 0;
}

void WakingPlace::leave() {
  if (kept_off_) pthread_setaffinity_np(pthread_self(), sizeof allowed_, &allowed_);
  kept_off_ = false;
}

#else

int current_processor() { return -1; }
void WakingPlace::keep_off(std::thread::native_handle_type, int) {}
void WakingPlace::leave() {}

#endif

}  // namespace octavo
