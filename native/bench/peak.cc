#include "bench/peak.h"

#include "bench/clock.h"

namespace octavo::bench {

#ifdef OCTAVO_X86

Peak measure_peak(IsaSet available) {
  if (!available.contains(isa::avx512vnni)) return {nullptr, 0};
  constexpr long kRounds = 2'000'000;
  double operations = 0;
  const double seconds = best_seconds([&] { operations = run_vpdpbusd_x86_avx512vnni(kRounds); });
  return {"vpdpbusd zmm", operations / seconds / 1e9};
}

#else

Peak measure_peak(IsaSet) { return {nullptr, 0}; }

#endif

}  // namespace octavo::bench
