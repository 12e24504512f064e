// The part of the C API about the machine's limits.
#include "peak/peak.h"

#include "api/boundary.h"
#include "threading/physical_cores.h"

octavo_status octavo_measure_peak(octavo_peak_kind kind, uint32_t threads, uint32_t milliseconds,
                                  octavo_peak* peak) {
  return octavo::at_boundary([&] {
    octavo::require(peak != nullptr, "peak", "a pointer");
    octavo::require(kind >= OCTAVO_PEAK_INT8 && kind <= OCTAVO_PEAK_READ, "kind", "a kind of peak");
    octavo::require(threads >= 1 && threads <= octavo::physical_cores(), "threads",
                    "at least 1 and at most the physical cores");
    octavo::require(milliseconds >= 1 && milliseconds <= 60'000, "milliseconds",
                    "at least 1 and at most 60000");
    *peak = octavo::measure_peak(kind, threads, milliseconds);
  });
}
