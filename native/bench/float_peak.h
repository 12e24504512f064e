// The limits of float products: multiply-adds a second in registers, and bytes read a second.
#ifndef OCTAVO_BENCH_FLOAT_PEAK_H_
#define OCTAVO_BENCH_FLOAT_PEAK_H_

#include <cstddef>

namespace octavo::bench {

#ifdef OCTAVO_X86
// `rounds` times a block of independent vfmadd231ps on ymm; returns the operations that makes.
double run_vfmadd_x86_avx2fma(long rounds);
// The sum of `bytes` (a multiple of 256) of floats, by vector loads of nothing else.
float read_floats_x86_avx2fma(const float* data, size_t bytes);
#endif

}  // namespace octavo::bench

#endif  // OCTAVO_BENCH_FLOAT_PEAK_H_
