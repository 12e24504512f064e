// The part of the C API about float products: every argument is checked here, and nowhere below.
#include "api/boundary.h"
#include "api/float_checks.h"
#include "base/math.h"
#include "float_gemm/float_gemm.h"

struct octavo_packed_float {
  octavo::PackedFloat rhs;
};

namespace octavo {
namespace {

// The widest panel; no layout pads more columns than that.
constexpr size_t kMostColumns = 64;

void check_weights(const octavo_float_weights& weights) {
  check_float_weight_type(weights.type, "weights.type");
  require(weights.compute == OCTAVO_COMPUTE_F32 || weights.compute == OCTAVO_COMPUTE_BF16,
          "weights.compute", "OCTAVO_COMPUTE_F32 or OCTAVO_COMPUTE_BF16");
  require(weights.compute == OCTAVO_COMPUTE_F32 || weights.type != OCTAVO_F16, "weights.type",
          "OCTAVO_F32 or OCTAVO_BF16 where products are computed in bfloat16");
  const size_t bytes = element_bytes(weights.type);
  const CheckedSize padded = CheckedSize(weights.n).plus(kMostColumns);
  require(padded.times(weights.k).times(bytes).fits() && padded.fits(), "weights",
          "a size that fits memory");
  const size_t read =
      matrix_bytes(weights.k, weights.n, weights.k_stride, weights.n_stride, bytes, "weights");
  require(read == 0 || weights.data != nullptr, "weights.data", "a pointer");
}

void check_float_matmul(const octavo_float_matmul_args& args) {
  require(args.rhs != nullptr, "rhs", "packed weights");
  const size_t k = args.rhs->rhs.k, n = args.rhs->rhs.n;
  check_activation(args.epilogue);
  check_float_rows(args, matrix_bytes(args.m, k, args.lhs_stride, args.lhs_k_stride, 4, "lhs"), n);
}

void check_operand(const octavo_float_operand& operand, size_t rows, size_t columns,
                   const char* argument) {
  const size_t bytes =
      matrix_bytes(rows, columns, operand.row_stride, operand.column_stride, 4, argument);
  require(bytes == 0 || operand.data != nullptr, argument, "a pointer");
}

void check_float_batch_matmul(const octavo_float_batch_matmul_args& args) {
  check_activation(args.epilogue);
  if (args.batch == 0 || args.m == 0 || args.n == 0) return;
  check_operand(args.a, args.m, args.k, "a");
  check_operand(args.b, args.k, args.n, "b");
  require(args.batch <= 1 || args.out_offsets != nullptr, "out_offsets", "one offset a matrix");
  require(args.out_stride >= args.n || args.m <= 1, "out_stride", "at least n");
  require(args.out != nullptr, "out", "a pointer");
  span_bytes(args.m, args.n, args.out_stride, 4, "out");
  require(CheckedSize(args.k).plus(kMostColumns).times(args.n).times(4).fits(), "k",
          "a size that fits memory");
}

}  // namespace
}  // namespace octavo

octavo_status octavo_pack_float(const octavo_float_weights* weights, octavo_packed_float** packed) {
  return octavo::at_boundary([&] {
    octavo::require(weights != nullptr, "weights", "a pointer");
    octavo::require(packed != nullptr, "packed", "a pointer");
    octavo::check_weights(*weights);
    *packed = new octavo_packed_float{octavo::pack_float(*weights)};
  });
}

void octavo_free_packed_float(octavo_packed_float* packed) { delete packed; }

size_t octavo_packed_float_bytes(const octavo_packed_float* packed) { return packed->rhs.bytes(); }

size_t octavo_packed_float_k(const octavo_packed_float* packed) { return packed->rhs.k; }

size_t octavo_packed_float_n(const octavo_packed_float* packed) { return packed->rhs.n; }

octavo_status octavo_float_matmul(const octavo_float_matmul_args* args) {
  return octavo::at_boundary([&] {
    octavo::require(args != nullptr, "args", "a pointer");
    octavo::check_float_matmul(*args);
    octavo::float_gemm(*args, args->rhs->rhs);
  });
}

octavo_status octavo_float_batch_matmul(const octavo_float_batch_matmul_args* args) {
  return octavo::at_boundary([&] {
    octavo::require(args != nullptr, "args", "a pointer");
    octavo::check_float_batch_matmul(*args);
    octavo::float_batch_gemm(*args);
  });
}

const char* octavo_float_kernel(void) { return octavo::select_float_microkernel(OCTAVO_F32).name; }
