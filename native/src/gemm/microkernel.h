// The one function type of every integer matrix microkernel.
//
//   acc[i][j] = init[i][j] + sum over k < depth of lhs[i][k] * panel[k / kr][j][k % kr]  mod 2^32
//
// for i < rows <= mr and j < columns <= nr. `lhs` holds unsigned or signed bytes as the kernel's
// table line says; the panel always holds signed bytes. Zero points and the difference between the
// caller's signs and the kernel's are in `init`: a kernel only multiplies and adds.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_GEMM_MICROKERNEL_H_
#define OCTAVO_SRC_GEMM_MICROKERNEL_H_

#include <stddef.h>
#include <stdint.h>

#include "epilogue/epilogue.h"

namespace octavo {

struct Tile {
  size_t rows;
  size_t columns;
  size_t depth;
  const void* lhs;      // `rows` rows of `depth` bytes; nothing beyond them is read
  size_t lhs_stride;    // bytes from row to row
  const int8_t* panel;  // aligned to 64 bytes
  const int32_t* init;  // readable up to `columns` rounded up to the layout's granule
  size_t init_stride;   // 0 when all rows start alike
  int32_t* acc;         // writable up to `columns` rounded up to the layout's granule
  size_t acc_stride;
};

using MicrokernelFn = void (*)(const Tile& tile);
// Makes of its sums what epilogue.h makes of a q8 output, instead of writing them: `acc` and its
// stride and those of the epilogue are not read, nor are the epilogue's rows and columns. Scales are
// readable as `init` is.
using QuantizingMicrokernelFn = void (*)(const Tile& tile, const EpilogueTile& epilogue);
// Gives back what the kernel holds of a thread's state between its calls.
using ReleaseFn = void (*)();

#define OCTAVO_MICROKERNEL(isa, name, lhs, mr, nr, granule, kr, by_lines, paired, quantizing, \
                           release)                                                          \
  void name(const Tile& tile);
#include "gemm/microkernels.inc"
#undef OCTAVO_MICROKERNEL
#ifdef OCTAVO_X86
void gemm_u8s8q8_x86_avx512vnni(const Tile& tile, const EpilogueTile& epilogue);
void gemm_release_x86_amxint8();
#endif

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_MICROKERNEL_H_
