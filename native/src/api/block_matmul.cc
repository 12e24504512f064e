// The part of the C API about block-quantized weights: every argument is checked here, and nowhere
// below.
#include <cmath>

#include "api/boundary.h"
#include "api/float_checks.h"
#include "base/half.h"
#include "base/math.h"
#include "block_gemm/block_gemm.h"
#include "block_gemm/select_block.h"

struct octavo_packed_blocks {
  octavo::PackedBlocks rhs;
};

namespace octavo {
namespace {

// Numbers of a block-quantized matrix that memory of any size can be asked about.
void check_numbers(const void* data, size_t rows, size_t columns, size_t row_stride,
                   size_t column_stride, const char* argument) {
  const size_t count = matrix_bytes(rows, columns, row_stride, column_stride, 1, argument);
  require(count == 0 || data != nullptr, argument, "a pointer");
}

void check_scales(const octavo_block_weights& weights, size_t blocks) {
  require(weights.scale_type == OCTAVO_F32 || weights.scale_type == OCTAVO_F16,
          "weights.scale_type", "OCTAVO_F32 or OCTAVO_F16");
  const bool half = weights.scale_type == OCTAVO_F16;
  const size_t bytes = matrix_bytes(blocks, weights.n, weights.scale_block_stride,
                                    weights.scale_n_stride, half ? 2 : 4, "weights.scales");
  require(bytes == 0 || weights.scales != nullptr, "weights.scales", "a pointer");
  for (size_t block = 0; block < blocks; ++block) {
    for (size_t n = 0; n < weights.n; ++n) {
      const size_t at = block * weights.scale_block_stride + n * weights.scale_n_stride;
      const float scale = half ? half_to_float(static_cast<const uint16_t*>(weights.scales)[at])
                               : static_cast<const float*>(weights.scales)[at];
      require(std::isfinite(scale), "weights.scales", "finite numbers");
    }
  }
}

void check_block_weights(const octavo_block_weights& weights) {
  const uint32_t bits = weights.bits;
  require(bits == 2 || bits == 4 || bits == 8, "weights.bits", "2, 4 or 8");
  require(weights.is_signed <= 1, "weights.is_signed", "0 or 1");
  const bool whole = weights.block_size >= weights.k;
  require(weights.block_size != 0 && (whole || weights.block_size % 16 == 0), "weights.block_size",
          "a multiple of 16, or at least k");
  // Bytes of a packed number, its share of a scale and zero point, and padding.
  const CheckedSize k = CheckedSize(weights.k).plus(16);
  require(k.fits() && CheckedSize(weights.n).plus(16).times(k.value()).times(8).fits(), "weights",
          "a size that fits memory");
  check_numbers(weights.data, weights.k, weights.n, weights.k_stride, weights.n_stride,
                "weights.data");
  const size_t blocks = weights.k == 0 ? 0 : div_up(weights.k, effective_block_size(weights));
  check_scales(weights, blocks);
  if (weights.zero_points == nullptr) return;
  check_numbers(weights.zero_points, blocks, weights.n, weights.zero_point_block_stride,
                weights.zero_point_n_stride, "weights.zero_points");
}

void check_block_matmul(const octavo_block_matmul_args& args) {
  require(args.rhs != nullptr, "rhs", "packed weights");
  const size_t k = args.rhs->rhs.k, n = args.rhs->rhs.n;
  require(args.mode == OCTAVO_BLOCK_EXACT || args.mode == OCTAVO_BLOCK_DYNAMIC_INT8, "mode",
          "OCTAVO_BLOCK_EXACT or OCTAVO_BLOCK_DYNAMIC_INT8");
  check_activation(args.epilogue);
  require(args.lhs_stride >= k || args.m <= 1, "lhs_stride", "at least k");
  check_float_rows(args, span_bytes(args.m, k, args.lhs_stride, 4, "lhs"), n);
}

PackedBlocks pack_checked(const octavo_block_weights& weights) {
  if (weights.k != 0 && weights.n != 0) return pack_blocks(weights);
  PackedBlocks empty{};
  empty.shape.bits = weights.bits;
  empty.k = weights.k;
  empty.n = weights.n;
  return empty;
}

}  // namespace
}  // namespace octavo

octavo_status octavo_pack_blocks(const octavo_block_weights* weights,
                                 octavo_packed_blocks** packed) {
  return octavo::at_boundary([&] {
    octavo::require(weights != nullptr, "weights", "a pointer");
    octavo::require(packed != nullptr, "packed", "a pointer");
    octavo::check_block_weights(*weights);
    *packed = new octavo_packed_blocks{octavo::pack_checked(*weights)};
  });
}

void octavo_free_packed_blocks(octavo_packed_blocks* packed) { delete packed; }

size_t octavo_packed_blocks_bytes(const octavo_packed_blocks* packed) {
  return packed->rhs.panels.bytes();
}

size_t octavo_packed_blocks_k(const octavo_packed_blocks* packed) { return packed->rhs.k; }

size_t octavo_packed_blocks_n(const octavo_packed_blocks* packed) { return packed->rhs.n; }

octavo_status octavo_block_matmul(const octavo_block_matmul_args* args) {
  return octavo::at_boundary([&] {
    octavo::require(args != nullptr, "args", "a pointer");
    octavo::check_block_matmul(*args);
    octavo::block_gemm(*args, args->rhs->rhs);
  });
}

const char* octavo_block_kernel(void) { return octavo::select_block_microkernel(4).name; }
