// Loops of one instruction, or of the few that do what one does elsewhere, over registers or over
// memory.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_PEAK_PEAK_LOOP_H_
#define OCTAVO_SRC_PEAK_PEAK_LOOP_H_

#include <stddef.h>

namespace octavo {

// `rounds` times a block of independent instructions; returns how many operations that makes.
using PeakLoop = double (*)(long rounds);
// Reads `bytes`, a multiple of kReadBlock, by vector loads and little else; returns their sum.
using ReadLoop = float (*)(const float* data, size_t bytes);
inline constexpr size_t kReadBlock = 16384;

#ifdef OCTAVO_X86
double peak_vpdpbusd_x86_avx512vnni(long rounds);
double peak_vpdpbusd_x86_avxvnni(long rounds);
double peak_vpmaddwd_vpaddd_x86_avx2(long rounds);
double peak_vfmadd_x86_avx512(long rounds);
double peak_vfmadd_x86_avx2fma(long rounds);
float read_in_order_x86_avx2(const float* data, size_t bytes);
float read_by_pages_x86_avx2(const float* data, size_t bytes);
#endif

}  // namespace octavo

#endif  // OCTAVO_SRC_PEAK_PEAK_LOOP_H_
