// The machine's own limits. See octavo/peak.h.
#ifndef OCTAVO_SRC_PEAK_PEAK_H_
#define OCTAVO_SRC_PEAK_PEAK_H_

#include "cpu/isa.h"
#include "octavo/peak.h"

namespace octavo {

// Arguments have been checked. Throws std::bad_alloc.
octavo_peak measure_peak(octavo_peak_kind kind, uint32_t threads, uint32_t milliseconds,
                         IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_PEAK_PEAK_H_
