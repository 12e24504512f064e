/// What this machine does at most, measured now: what kernels are compared with.
#ifndef OCTAVO_PEAK_H_
#define OCTAVO_PEAK_H_

#include "octavo/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t octavo_peak_kind;
enum {
  OCTAVO_PEAK_INT8 = 0, /* multiplications and additions of exact 8-bit products a second */
  OCTAVO_PEAK_F32 = 1,  /* multiplications and additions of fp32 a second */
  OCTAVO_PEAK_READ = 2  /* bytes a second read from memory */
};

typedef struct octavo_peak {
  const char* instruction; /* what makes them; NULL where no peak is known for this CPU */
  double per_second;       /* of all threads together; 0 where no peak is known */
} octavo_peak;

/// Runs the best instruction of the tiers in use, and nothing else (with AVX2, where no instruction
/// adds up exact 8-bit products by itself, the pair that does), on `threads` threads (at least
/// 1, at most the physical cores) for about `milliseconds` (at least 1) and takes the best moment;
/// of reading, all of the time, in the order that is the fastest: others use the same memory.
/// Fails with OCTAVO_INVALID_ARGUMENT or OCTAVO_OUT_OF_MEMORY.
octavo_status octavo_measure_peak(octavo_peak_kind kind, uint32_t threads, uint32_t milliseconds,
                                  octavo_peak* peak);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_PEAK_H_ */
