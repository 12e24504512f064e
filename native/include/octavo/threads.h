/// The process-wide thread pool that every parallel call shares.
#ifndef OCTAVO_THREADS_H_
#define OCTAVO_THREADS_H_

#include "octavo/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Threads that a call may use when it does not say: the caller and the pool's. At least 1.
uint32_t octavo_threads(void);
/// Sets it; 0 takes the number of physical cores. Calls under way are not affected.
void octavo_set_threads(uint32_t threads);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_THREADS_H_ */
