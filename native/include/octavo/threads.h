/// The process-wide thread pool that every parallel call shares.
#ifndef OCTAVO_THREADS_H_
#define OCTAVO_THREADS_H_

#include "octavo/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Threads that a call may use when it does not say: the caller and the pool's. At least 1.
/// Initially the value of the environment variable OCTAVO_THREADS, or else the number of physical
/// cores that this process may run on.
uint32_t octavo_threads(void);
/// Sets it; 0 takes the number of physical cores. Calls under way are not affected. Threads start
/// when a call first wants them.
void octavo_set_threads(uint32_t threads);

/// Microseconds for which a thread of the pool looks for work before it sleeps. Initially the value
/// of the environment variable OCTAVO_SPIN_MICROSECONDS, or else 100.
uint32_t octavo_spin_microseconds(void);
void octavo_set_spin_microseconds(uint32_t microseconds);

/// Ends the pool's threads and waits for them; calls under way finish on the threads that made
/// them, and later calls start new ones. Whoever unloads this library calls it first.
void octavo_stop_threads(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_THREADS_H_ */
