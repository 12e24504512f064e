// The part of the C API about matrix products: every argument is checked here, and nowhere below.
#include "api/boundary.h"
#include "base/math.h"
#include "epilogue/epilogue_panel.h"
#include "gemm/gemm.h"
#include "gemm/select.h"
#include "pack/pack_rhs.h"

struct octavo_packed_matrix {
  octavo::PackedRhs rhs;
};

namespace octavo {
namespace {

// Columns without weights still have sums; nobody needs more of them than this.
constexpr size_t kMaxEmptyColumns = size_t{1} << 24;

// The furthest element, plus the padded copy that packing makes.
void check_weights(const octavo_weights& weights) {
  check_byte_type(weights.type, "weights.type");
  check_zero_points(weights.zero_points, weights.zero_point_count, weights.n, weights.type,
                    "weights.zero_points");
  const CheckedSize padded = CheckedSize(weights.k)
                                 .plus(kMaxPanelColumns)
                                 .times(CheckedSize(weights.n).plus(kMaxPanelColumns).value());
  require(padded.fits(), "weights", "a size that fits memory");
  require(weights.k != 0 || weights.n <= kMaxEmptyColumns, "weights.n",
          "at most 2^24 where k is 0");
  if (weights.k == 0 || weights.n == 0) return;
  require(weights.data != nullptr, "weights.data", "a pointer");
  const CheckedSize last = CheckedSize(weights.k - 1)
                               .times(weights.k_stride)
                               .plus(CheckedSize(weights.n - 1).times(weights.n_stride).value());
  require(last.fits(), "weights", "strides that fit memory");
}

void check_matmul(const octavo_matmul_args& args) {
  require(args.rhs != nullptr, "rhs", "packed weights");
  const PackedRhs& rhs = args.rhs->rhs;
  check_byte_type(args.lhs_type, "lhs_type");
  require(args.lhs_stride >= rhs.k || args.m <= 1, "lhs_stride", "at least k");
  require(args.out_stride >= rhs.n || args.m <= 1, "out_stride", "at least n");
  check_zero_points(args.lhs_zero_points, args.lhs_zero_point_count, args.m, args.lhs_type,
                    "lhs_zero_points");
  check_epilogue(args.epilogue, rhs.n);
  const size_t lhs_bytes = span_bytes(args.m, rhs.k, args.lhs_stride, 1, "lhs");
  const size_t out_bytes =
      span_bytes(args.m, rhs.n, args.out_stride, output_bytes(args.epilogue.output), "out");
  require(lhs_bytes == 0 || args.lhs != nullptr, "lhs", "a pointer");
  require(out_bytes == 0 || args.out != nullptr, "out", "a pointer");
  check_disjoint(args.out, out_bytes, args.lhs, lhs_bytes, "memory apart from lhs");
  const octavo_residual& residual = args.epilogue.residual;
  size_t residual_bytes = 0;
  if (residual.data != nullptr) {
    require(residual.stride >= rhs.n || args.m <= 1, "epilogue.residual.stride", "at least n");
    residual_bytes = span_bytes(args.m, rhs.n, residual.stride, 1, "epilogue.residual");
  }
  check_tail_apart(args.epilogue, residual_bytes, args.out, out_bytes);
}

}  // namespace
}  // namespace octavo

octavo_status octavo_pack_matrix(const octavo_weights* weights, octavo_packed_matrix** packed) {
  return octavo::at_boundary([&] {
    octavo::require(weights != nullptr, "weights", "a pointer");
    octavo::require(packed != nullptr, "packed", "a pointer");
    octavo::check_weights(*weights);
    const octavo::PackedLayout& layout = octavo::select_microkernel().layout;
    *packed = new octavo_packed_matrix{octavo::pack_rhs(*weights, layout)};
  });
}

void octavo_free_packed_matrix(octavo_packed_matrix* packed) { delete packed; }

size_t octavo_packed_matrix_bytes(const octavo_packed_matrix* packed) {
  return packed->rhs.bytes();
}

size_t octavo_packed_matrix_k(const octavo_packed_matrix* packed) { return packed->rhs.k; }

size_t octavo_packed_matrix_n(const octavo_packed_matrix* packed) { return packed->rhs.n; }

octavo_status octavo_matmul(const octavo_matmul_args* args) {
  return octavo::at_boundary([&] {
    octavo::require(args != nullptr, "args", "a pointer");
    octavo::check_matmul(*args);
    octavo::gemm({args->lhs, args->lhs_type, args->m, args->lhs_stride, args->lhs_zero_points,
                  args->lhs_zero_point_count, &args->rhs->rhs, args->epilogue, args->out,
                  args->out_stride});
  });
}
