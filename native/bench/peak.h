// The machine's own limit: how many 8-bit multiply-adds a second its best instruction makes when
// nothing else happens.
#ifndef OCTAVO_BENCH_PEAK_H_
#define OCTAVO_BENCH_PEAK_H_

#include "cpu/isa.h"

namespace octavo::bench {

struct Peak {
  const char* instruction;  // null where no peak is known for this CPU
  double gops;              // 10^9 multiplications and additions a second, on one core
};

Peak measure_peak(IsaSet available);

#ifdef OCTAVO_X86
// `rounds` times a block of independent vpdpbusd; returns how many 8-bit operations that makes.
double run_vpdpbusd_x86_avx512vnni(long rounds);
#endif

}  // namespace octavo::bench

#endif  // OCTAVO_BENCH_PEAK_H_
