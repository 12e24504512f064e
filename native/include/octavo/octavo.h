/// Octavo's native kernels: pack weights once, then multiply and convolve 8-bit integers exactly.
/// Usable from C and C++. Every function is thread-safe; packed objects are immutable after
/// packing.
///
/// Arithmetic (docs/numerics.md): accumulators are int32 modulo 2^32, no product ever saturates,
/// and every instruction-set tier gives the same bits.
#ifndef OCTAVO_OCTAVO_H_
#define OCTAVO_OCTAVO_H_

#include "octavo/base.h"
#include "octavo/block_matmul.h"
#include "octavo/conv2d.h"
#include "octavo/epilogue.h"
#include "octavo/float_conv2d.h"
#include "octavo/float_epilogue.h"
#include "octavo/float_matmul.h"
#include "octavo/histogram.h"
#include "octavo/matmul.h"
#include "octavo/peak.h"
#include "octavo/quantize.h"
#include "octavo/threads.h"

#endif /* OCTAVO_OCTAVO_H_ */
