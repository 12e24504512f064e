// Instruction-set features as a set: AVX-VNNI exists without AVX-512, so no ladder can order them.
#ifndef OCTAVO_SRC_CPU_ISA_H_
#define OCTAVO_SRC_CPU_ISA_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace octavo {

class IsaSet {
 public:
  constexpr IsaSet() = default;
  constexpr explicit IsaSet(uint32_t bits) : bits_(bits) {}
  constexpr bool contains(IsaSet other) const { return (bits_ & other.bits_) == other.bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr IsaSet operator|(IsaSet a, IsaSet b) { return IsaSet(a.bits_ | b.bits_); }
  friend constexpr IsaSet operator&(IsaSet a, IsaSet b) { return IsaSet(a.bits_ & b.bits_); }
  friend constexpr bool operator==(IsaSet a, IsaSet b) { return a.bits_ == b.bits_; }

 private:
  uint32_t bits_ = 0;
};

namespace isa {
inline constexpr IsaSet scalar{};
#define OCTAVO_FEATURE(name, bit, implies) inline constexpr IsaSet name{1u << bit};
#include "cpu/features.inc"
#undef OCTAVO_FEATURE
// What files compiled with these flags may use: the feature together with all that it builds on.
inline constexpr IsaSet avx2_fma = avx2 | fma | f16c;
inline constexpr IsaSet avx512 = avx2 | fma | f16c | avx512f | avx512bw | avx512dq | avx512vl;
inline constexpr IsaSet avx_vnni = avx2 | avxvnni;
inline constexpr IsaSet avx512_bf16 = avx512 | avx512bf16;
inline constexpr IsaSet avx512_vbmi = avx512 | avx512vbmi;
inline constexpr IsaSet avx512_vnni = avx512 | avx512vnni;
inline constexpr IsaSet amx_int8 = avx512_vnni | amxint8;
}  // namespace isa

// What OCTAVO_ISA asks for: a set closed under implication, and the names nobody knows.
struct IsaRequest {
  IsaSet allowed;
  std::string unknown;
};

// The set together with everything that its features imply.
IsaSet isa_with_implied(IsaSet features);

// Parses comma-separated feature names; "scalar" is the empty set, "avx512" its named union.
IsaRequest parse_isa_request(std::string_view text);

// Space-separated names.
std::string isa_names(IsaSet features);

// What the CPU has and the operating system saves the registers of. Asks the hardware.
IsaSet detect_isa();

// detect_isa(), restricted by the environment variable OCTAVO_ISA as it was at the first call.
IsaSet active_isa();

}  // namespace octavo

#endif  // OCTAVO_SRC_CPU_ISA_H_
