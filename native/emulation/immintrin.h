// Stands in for the compiler's <immintrin.h> in files of instruction sets that the machine lacks:
// AVX2, FMA and F16C stay the hardware's, everything above is computed by SIMDe
// (https://github.com/simd-everywhere/simde) and, where that has nothing, by the loops of
// avx512_loops.h; tiles are loops throughout (amx_loops.h). For tests: exact, and slow.
#ifndef OCTAVO_EMULATION_IMMINTRIN_H_
#define OCTAVO_EMULATION_IMMINTRIN_H_

#include_next <immintrin.h>

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>

#include "amx_loops.h"
#include "avx512_loops.h"

// What the kernels check that they are compiled with.
#define __AVXVNNI__ 1
#define __AVX512F__ 1
#define __AVX512BW__ 1
#define __AVX512DQ__ 1
#define __AVX512VL__ 1
#define __AVX512VNNI__ 1
#define __AVX512VBMI__ 1
#define __AVX512BF16__ 1
#define __AMX_INT8__ 1

#endif  // OCTAVO_EMULATION_IMMINTRIN_H_
