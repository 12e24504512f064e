#include "bindings.h"
#include "epilogue_arguments.h"
#include "native_handle.h"

namespace octavo::napi {

Napi::Value pack_matrix(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "packMatrix");
  const Elements data = arguments.bytes(0, "data");
  octavo_weights weights{};
  weights.data = data.data;
  weights.type = data.type;
  weights.k = arguments.size(1, "k");
  weights.n = arguments.size(2, "n");
  weights.k_stride = arguments.size(3, "kStride");
  weights.n_stride = arguments.size(4, "nStride");
  // Strides that overlap would let a few bytes ask for any amount of packed memory.
  arguments.require_at_least("data", data.count, CheckedSize(weights.k).times(weights.n));
  if (weights.k != 0 && weights.n != 0) {
    const CheckedSize last_column = CheckedSize(weights.n - 1).times(weights.n_stride);
    arguments.require_at_least(
        "data", data.count,
        CheckedSize(weights.k - 1).times(weights.k_stride).plus(last_column.value()).plus(1));
  }
  const Elements zero_points = arguments.optional(5, "zeroPoints", OCTAVO_S32);
  weights.zero_points = static_cast<const int32_t*>(zero_points.data);
  weights.zero_point_count = zero_points.count;
  octavo_packed_matrix* packed = nullptr;
  arguments.require_ok(octavo_pack_matrix(&weights, &packed));
  return MatrixHandle::wrap(call.Env(), packed);
}

void matmul(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "matmul");
  octavo_matmul_args args{};
  args.rhs = MatrixHandle::unwrap(arguments, 0).get();
  const size_t k = octavo_packed_matrix_k(args.rhs), n = octavo_packed_matrix_n(args.rhs);
  const Elements lhs = arguments.bytes(1, "lhs");
  args.lhs = lhs.data;
  args.lhs_type = lhs.type;
  args.m = arguments.size(2, "m");
  args.lhs_stride = arguments.size(3, "lhsStride");
  arguments.require_at_least("lhs", lhs.count, span_of_rows(args.m, k, args.lhs_stride));
  const Elements zero_points = arguments.optional(4, "lhsZeroPoints", OCTAVO_S32);
  args.lhs_zero_points = static_cast<const int32_t*>(zero_points.data);
  args.lhs_zero_point_count = zero_points.count;
  const EpilogueArguments epilogue = read_epilogue(arguments, 5, args.m, n);
  args.epilogue = epilogue.epilogue;
  args.out = epilogue.out.data;
  args.out_stride = arguments.size(5 + kEpilogueArguments, "outStride");
  arguments.require_at_least("out", epilogue.out.count, span_of_rows(args.m, n, args.out_stride));
  if (epilogue.residual.present) {
    arguments.require_at_least("residual", epilogue.residual.count,
                               span_of_rows(args.m, n, args.epilogue.residual.stride));
  }
  arguments.require_ok(octavo_matmul(&args));
}

}  // namespace octavo::napi
