// Winograd's inner product: half of the multiplications become additions.
//
//   sum a[k] b[k] = sum over pairs (a[k] + b[k+1]) (a[k+1] + b[k]) - sum a[k] a[k+1]
//                                                                  - sum b[k] b[k+1]
//
// (S. Winograd, A New Algorithm for Inner Product, IEEE Trans. Comput. C-17, 1968.) Sums of two
// bytes fit 16 bits, so the identity is exact. Where widening multiplications are the bottleneck,
// as on AVX2, a kernel of this kind runs past their limit; it reads copies of both operands,
// widened to int16, which pay for themselves from some rows on.
//
// Both copies hold k in steps of four, zeros after the last: a row [k, k+2, k+1, k+3], a panel
// [step][8 columns][2 halves: k+1, k+3; then k, k+2] for each 8 of its columns.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_GEMM_PAIRED_KERNEL_H_
#define OCTAVO_SRC_GEMM_PAIRED_KERNEL_H_

#include <stddef.h>
#include <stdint.h>

namespace octavo {

// Where the k of a row lies: in `lines` of `runs` of `steps` of four. Distances are in elements.
struct PairedWindow {
  size_t lines, line_distance;
  size_t runs, run_distance;
  size_t steps;
};

// As Tile, but for copied operands and with the rows' terms.
struct PairedTile {
  size_t rows;     // any number of them
  size_t columns;  // a multiple of the layout's granule
  PairedWindow window;
  const int16_t* lhs;
  size_t lhs_stride;  // in elements
  const int16_t* panel;
  const int32_t* init;  // has been lowered by the panel's terms
  size_t init_stride;
  const int32_t* row_terms;
  int32_t* acc;
  size_t acc_stride;
};

constexpr size_t kPairedPlanes = 4;

// Elements from one copied pixel to the next: k comes in steps of four.
constexpr size_t paired_channels(size_t channels) { return (channels + 3) / 4 * 4; }

struct PairedKernel {
  size_t min_rows, min_columns;  // from which the copies pay
  // Copies `k` bytes, writing up to a multiple of 16 elements; returns sum a[k] a[k+1] mod 2^32.
  int32_t (*copy_row)(const uint8_t* row, size_t k, bool is_signed, int16_t* copy);
  // copy_row for each of `count` rows of `k` bytes side by side; the copies are paired_channels(k)
  // apart. `terms` takes what copy_row returns.
  void (*copy_pixels)(const uint8_t* pixels, size_t count, size_t k, bool is_signed,
                      int16_t* copies, int32_t* terms);
  // The same for pixels whose channels, at most kPairedPlanes of them, lie `stride` bytes apart.
  void (*copy_planes)(const uint8_t* planes, size_t stride, size_t count, size_t k, bool is_signed,
                      int16_t* copies, int32_t* terms);
  // Copies a panel of the packed layout; `terms` takes sum b[k] b[k+1] of each column.
  void (*copy_panel)(const int8_t* panel, size_t columns, size_t steps, int16_t* copy,
                     int32_t* terms);
  void (*run)(const PairedTile& tile);
};

#ifdef OCTAVO_X86
extern const PairedKernel gemm_paired_x86_avx2;
#endif

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_PAIRED_KERNEL_H_
