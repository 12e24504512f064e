#include "peak/peak.h"

#include <gtest/gtest.h>

#include "octavo/octavo.h"

namespace octavo {
namespace {

TEST(Peak, IsKnownForTheTiersThatHaveAnInstructionForIt) {
  for (octavo_peak_kind kind : {OCTAVO_PEAK_INT8, OCTAVO_PEAK_F32, OCTAVO_PEAK_READ}) {
    const octavo_peak none = measure_peak(kind, 1, 1, isa::scalar);
    EXPECT_EQ(none.instruction, nullptr);
    EXPECT_EQ(none.per_second, 0);
#if defined(OCTAVO_X86) && !defined(OCTAVO_EMULATE)
    const bool is_float = kind == OCTAVO_PEAK_F32;
    if (!active_isa().contains(is_float ? isa::avx2_fma : isa::avx2)) continue;
    const octavo_peak peak = measure_peak(kind, 1, 1);
    EXPECT_NE(peak.instruction, nullptr);
    EXPECT_GT(peak.per_second, 0);
#endif
  }
}

TEST(Peak, RefusesKindsThreadsAndTimesThatMakeNoSense) {
  octavo_peak peak{};
  EXPECT_EQ(octavo_measure_peak(OCTAVO_PEAK_INT8, 1, 1, nullptr), OCTAVO_INVALID_ARGUMENT);
  EXPECT_EQ(octavo_measure_peak(3, 1, 1, &peak), OCTAVO_INVALID_ARGUMENT);
  EXPECT_EQ(octavo_measure_peak(-1, 1, 1, &peak), OCTAVO_INVALID_ARGUMENT);
  EXPECT_EQ(octavo_measure_peak(OCTAVO_PEAK_INT8, 0, 1, &peak), OCTAVO_INVALID_ARGUMENT);
  EXPECT_EQ(octavo_measure_peak(OCTAVO_PEAK_INT8, 1 << 20, 1, &peak), OCTAVO_INVALID_ARGUMENT);
  EXPECT_EQ(octavo_measure_peak(OCTAVO_PEAK_INT8, 1, 0, &peak), OCTAVO_INVALID_ARGUMENT);
  EXPECT_EQ(octavo_measure_peak(OCTAVO_PEAK_INT8, 1, 1, &peak), OCTAVO_OK);
}

}  // namespace
}  // namespace octavo
