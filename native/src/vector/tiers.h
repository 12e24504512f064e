// Tiers of the kernels that are written once over vectors (vector/vector.h): each of their sources
// is compiled once for each tier of its list, with that tier's flags and with OCTAVO_TIER as its name.
//
// A family of kernels is a struct of function pointers. Its header declares one instance a tier
// with its list, its tiered source defines `family_<tier>`, and select_tier picks among them.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_VECTOR_TIERS_H_
#define OCTAVO_SRC_VECTOR_TIERS_H_

// Best first. The last one requires nothing: the compiler's baseline for the architecture.
#ifdef OCTAVO_X86
#define OCTAVO_TIERS(TIER)         \
  TIER(isa::avx2_fma, x86_avx2fma) \
  TIER(isa::scalar, portable)
#else
#define OCTAVO_TIERS(TIER) TIER(isa::scalar, portable)
#endif

// The same and vectors of 64 bytes, for families that have them.
#ifdef OCTAVO_X86
#define OCTAVO_WIDE_TIERS(TIER)    \
  TIER(isa::avx512, x86_avx512)    \
  OCTAVO_TIERS(TIER)
#else
#define OCTAVO_WIDE_TIERS(TIER) OCTAVO_TIERS(TIER)
#endif

#define OCTAVO_TIER_PASTE(family, tier) family##_##tier
#define OCTAVO_TIER_NAME(family, tier) OCTAVO_TIER_PASTE(family, tier)
// The name that a tiered source gives to its instance of a family.
#define OCTAVO_TIERED(family) OCTAVO_TIER_NAME(family, OCTAVO_TIER)

#endif  // OCTAVO_SRC_VECTOR_TIERS_H_
