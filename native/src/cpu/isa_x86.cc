// CPUID says what the CPU can decode; XCR0 says which registers the operating system preserves.
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "cpu/isa.h"

namespace octavo {
namespace {

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers r;
  if (__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0) return Registers{};
  return r;
}

uint64_t read_xcr0() {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
}

constexpr bool bit(unsigned word, unsigned index) { return ((word >> index) & 1u) != 0; }

constexpr uint64_t kYmmState = 0x06;
constexpr uint64_t kZmmState = 0xE6;
constexpr uint64_t kTileState = 0x60000;

// Tiles are 8 KiB a thread, which Linux saves for processes that ask for them, and other systems
// not without more ado (https://docs.kernel.org/arch/x86/xstate.html).
bool may_use_tiles(uint64_t xcr0) {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return (xcr0 & kTileState) == kTileState &&
         syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  static_cast<void>(xcr0);
  return false;
#endif
}

}  // namespace

IsaSet detect_isa() {
  const Registers basic = cpuid(1, 0);
  const bool os_saves_extended = bit(basic.ecx, 27);
  if (!os_saves_extended) return isa::scalar;
  const uint64_t xcr0 = read_xcr0();
  if ((xcr0 & kYmmState) != kYmmState) return isa::scalar;

  const Registers seven = cpuid(7, 0);
  const Registers seven_one = seven.eax >= 1 ? cpuid(7, 1) : Registers{};
  IsaSet found;
  const auto add = [&found](bool present, IsaSet set) { found = present ? found | set : found; };
  add(bit(basic.ecx, 12), isa::fma);
  add(bit(basic.ecx, 29), isa::f16c);
  add(bit(seven.ebx, 5), isa::avx2);
  add(bit(seven_one.eax, 4), isa::avxvnni);
  if ((xcr0 & kZmmState) != kZmmState) return found;
  add(bit(seven.ebx, 16), isa::avx512f);
  add(bit(seven.ebx, 17), isa::avx512dq);
  add(bit(seven.ebx, 30), isa::avx512bw);
  add(bit(seven.ebx, 31), isa::avx512vl);
  add(bit(seven.ecx, 1), isa::avx512vbmi);
  add(bit(seven.ecx, 11), isa::avx512vnni);
  add(bit(seven_one.eax, 5), isa::avx512bf16);
  if (!bit(seven.edx, 24) || !may_use_tiles(xcr0)) return found;
  add(bit(seven.edx, 25), isa::amxint8);
  add(bit(seven.edx, 22), isa::amxbf16);
  return found;
}

}  // namespace octavo
