#include <algorithm>
#include <cstring>

#include "base/half.h"
#include "base/math.h"
#include "block_gemm/block_gemm.h"
#include "block_gemm/select_block.h"
#include "float_gemm/lhs_rows.h"
#include "float_gemm/pack_float.h"
#include "float_gemm/row_block.h"
#include "float_gemm/task_grid.h"
#include "threading/failure.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

// Depth that is made floats at once: with 16 columns, half of a first-level cache.
constexpr size_t kPieceDepth = 256;

// Weights become floats a piece at a time, and a float microkernel multiplies by them.
class ExactProduct {
 public:
  ExactProduct(const octavo_block_matmul_args& args, const PackedBlocks& rhs, IsaSet available)
      : args_(args),
        rhs_(rhs),
        expand_(select_block_kernels(available).expand),
        kernel_(select_float_microkernel(OCTAVO_F32, available)),
        group_(div_up(kernel_.nr, kBlockColumns) * kBlockColumns),
        lhs_{args.lhs, args.lhs_stride, 1},
        copied_(needs_copy(lhs_, args.m, rhs.n) ? copied_floats(std::min(args.m, kBlockRows), rhs.k)
                                                : 0) {}

  size_t group() const { return group_; }
  size_t scratch_floats() const { return 2 * kPieceDepth * group_ + copied_; }

  void multiply(const Range& rows, const Range& columns, float* scratch) const {
    const float* pointers[kBlockRows];
    float* const copies = copied_ == 0 ? nullptr : scratch + 2 * kPieceDepth * group_;
    gather_rows(lhs_, rows.first, rows.last - rows.first, rhs_.k, copies, pointers);
    for (size_t column = columns.first; column < columns.last; column += group_) {
      const size_t width = std::min(group_, columns.last - column);
      for (size_t k = 0; k < rhs_.k; k += kPieceDepth) {
        multiply_piece(pointers, rows, {column, column + width}, k, scratch);
      }
    }
  }

 private:
  void multiply_piece(const float* const* pointers, const Range& rows, const Range& columns,
                      size_t k, float* scratch) const {
    const size_t depth = std::min(kPieceDepth, rhs_.k - k);
    const size_t width = columns.last - columns.first;
    expand(columns, k, depth, scratch);
    const float* panels = scratch;
    if (kernel_.nr != group_ || width != group_) {
      float* const packed = scratch + kPieceDepth * group_;
      // Like panels that are multiplied by where they were expanded.
      pack_float_panels_as_they_are(
          {scratch, OCTAVO_F32, depth, width, group_, 1, OCTAVO_COMPUTE_F32}, kernel_, packed);
      panels = packed;
    }
    float* const out = args_.out + rows.first * args_.out_stride + columns.first;
    multiply_block({pointers, 0, rows.last - rows.first, &k, 1, depth,
                    epilogue(rows.first, columns.first, k, depth, out), out, args_.out_stride},
                   {&kernel_, panels, depth, 0, width});
  }

  // Bias and residual come first, the activation last; between pieces, sums wait in the output.
  octavo_float_epilogue epilogue(size_t row, size_t column, size_t k, size_t depth,
                                 float* out) const {
    octavo_float_epilogue part = args_.epilogue;
    if (part.bias != nullptr) part.bias = k == 0 ? part.bias + column : nullptr;
    if (k != 0) {
      part.residual = out;
      part.residual_stride = args_.out_stride;
    } else if (part.residual != nullptr) {
      part.residual += row * part.residual_stride + column;
    }
    if (k + depth != rhs_.k) part.activation = OCTAVO_IDENTITY;
    return part;
  }

  // A piece as floats, `group_` from row to row, in the order of blocks in memory; k is a multiple
  // of kPieceDepth.
  void expand(const Range& columns, size_t k, size_t depth, float* out) const {
    for (size_t done = 0; done < depth;) {
      const size_t within = (k + done) % rhs_.block_size;
      const size_t count = std::min(depth - done, rhs_.block_size - within);
      for (size_t column = columns.first; column < columns.last; column += kBlockColumns) {
        expand_rows(column, k + done, count, out + done * group_ + (column - columns.first));
      }
      done += count;
    }
  }

  // `count` values of k of a block of 16 columns.
  void expand_rows(size_t column, size_t k, size_t count, float* out) const {
    const size_t row_depth = block_row_depth(rhs_.shape.bits);
    const uint8_t* header = rhs_.block(column, k / rhs_.block_size);
    alignas(kCacheLine) float scales[kBlockColumns];
    alignas(kCacheLine) int32_t zero_points[kBlockColumns];
    read_header(header, scales, zero_points);
    const uint8_t* rows = header + rhs_.shape.header_bytes +
                          k % rhs_.block_size / row_depth * kBlockRowBytes;
    expand_({rhs_.shape.bits, rows, div_up(count, row_depth), scales, zero_points, out, group_});
  }

  void read_header(const uint8_t* header, float* scales, int32_t* zero_points) const {
    const bool half = rhs_.shape.half_scales;
    for (size_t j = 0; j < kBlockColumns; ++j) {
      uint16_t bits;
      std::memcpy(&bits, header + 2 * j, sizeof(bits));
      if (half) {
        scales[j] = half_to_float(bits);
      } else {
        std::memcpy(&scales[j], header + 4 * j, sizeof(float));
      }
      const uint8_t* const packed = header + kBlockColumns * (half ? 2 : 4);
      zero_points[j] = static_cast<int32_t>(rhs_.shape.has_zero_points ? packed[j] : rhs_.middle());
    }
  }

  const octavo_block_matmul_args& args_;
  const PackedBlocks& rhs_;
  ExpandBlockFn expand_;
  const FloatMicrokernel& kernel_;
  size_t group_;  // columns that become floats together
  LhsMatrix lhs_;
  size_t copied_;
};

}  // namespace

void block_gemm_exact(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                      IsaSet available) {
  const ExactMicrokernel* const kernel = select_exact_microkernel(args.m, available);
  if (kernel != nullptr) return block_gemm_exact_rows(args, rhs, *kernel);
  const ExactProduct product(args, rhs, available);
  const TaskGrid grid(float_row_blocks(args.m), rhs.n, product.group(), rhs.k, args.threads);
  Failure failure;
  parallel_for(grid.tasks(), grid.threads(), [&](size_t task) {
    float* const scratch = failure.scratch(product.scratch_floats());
    if (scratch != nullptr) product.multiply(grid.rows(task), grid.columns(task), scratch);
  });
  failure.rethrow();
}

}  // namespace octavo
