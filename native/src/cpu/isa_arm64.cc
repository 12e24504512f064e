#include "cpu/isa.h"

#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(_WIN32)
#include <windows.h>
#endif

namespace octavo {

#if defined(__linux__)

IsaSet detect_isa() {
  constexpr unsigned long kHalfFloat = 1ul << 10, kDotProduct = 1ul << 20;
  constexpr unsigned long kI8mm = 1ul << 13, kBf16 = 1ul << 14;
  const unsigned long capabilities = getauxval(AT_HWCAP);
  const unsigned long capabilities2 = getauxval(AT_HWCAP2);
  IsaSet found = isa::neon;
  if (capabilities & kHalfFloat) found = found | isa::fp16;
  if (capabilities & kDotProduct) found = found | isa::dotprod;
  if (capabilities2 & kI8mm) found = found | isa::i8mm;
  if (capabilities2 & kBf16) found = found | isa::bf16;
  return found;
}

#elif defined(__APPLE__)

static IsaSet feature_if(const char* name, IsaSet set) {
  int value = 0;
  size_t size = sizeof(value);
  return sysctlbyname(name, &value, &size, nullptr, 0) == 0 && value != 0 ? set : IsaSet();
}

IsaSet detect_isa() {
  return isa::neon | feature_if("hw.optional.arm.FEAT_FP16", isa::fp16) |
         feature_if("hw.optional.arm.FEAT_DotProd", isa::dotprod) |
         feature_if("hw.optional.arm.FEAT_I8MM", isa::i8mm) |
         feature_if("hw.optional.arm.FEAT_BF16", isa::bf16);
}

#elif defined(_WIN32)

IsaSet detect_isa() {
  constexpr DWORD kDotProduct = 43;
  return IsProcessorFeaturePresent(kDotProduct) ? isa::neon | isa::dotprod : isa::neon;
}

#else

IsaSet detect_isa() { return isa::neon; }

#endif

}  // namespace octavo
