#include "bindings.h"
#include "float_epilogue_arguments.h"
#include "native_handle.h"

namespace octavo::napi {
namespace {

// A matrix among more elements, its rows and columns any distance apart.
struct Span {
  size_t rows, columns, row_stride, column_stride;

  bool empty() const { return rows == 0 || columns == 0; }
  CheckedSize elements() const { return CheckedSize(rows).times(columns); }
  CheckedSize end() const {
    if (empty()) return CheckedSize(0);
    const CheckedSize last_column = CheckedSize(columns - 1).times(column_stride);
    return CheckedSize(rows - 1).times(row_stride).plus(last_column.value()).plus(1);
  }
};

// Strides that overlap would let a few elements ask for any amount of packed memory.
void require_span(const Arguments& arguments, const char* name, size_t found, const Span& span) {
  arguments.require_at_least(name, found, span.elements());
  arguments.require_at_least(name, found, span.end());
}

size_t read_bits(const Arguments& arguments, size_t index) {
  const size_t bits = arguments.size(index, "bits");
  if (bits != 2 && bits != 4 && bits != 8) {
    arguments.fail("bits", "2, 4 or 8", std::to_string(bits));
  }
  return bits;
}

size_t blocks_of(const octavo_block_weights& weights) {
  if (weights.k == 0) return 0;
  return weights.block_size >= weights.k ? 1 : div_up(weights.k, weights.block_size);
}

void read_scales(const Arguments& arguments, octavo_block_weights& weights) {
  const Elements scales =
      arguments.one_of(8, "scales", {OCTAVO_F32, OCTAVO_U16}, "a Float32Array or Uint16Array");
  weights.scales = scales.data;
  weights.scale_type = scales.type == OCTAVO_F32 ? OCTAVO_F32 : OCTAVO_F16;
  weights.scale_block_stride = arguments.size(9, "scaleBlockStride");
  weights.scale_n_stride = arguments.size(10, "scaleNStride");
  require_span(arguments, "scales", scales.count,
               {blocks_of(weights), weights.n, weights.scale_block_stride, weights.scale_n_stride});
}

void read_zero_points(const Arguments& arguments, octavo_block_weights& weights) {
  const Elements zero_points = arguments.optional(11, "zeroPoints", OCTAVO_U8);
  weights.zero_point_block_stride = arguments.size(12, "zeroPointBlockStride");
  weights.zero_point_n_stride = arguments.size(13, "zeroPointNStride");
  if (!zero_points.present) return;
  const size_t count = CheckedSize(zero_points.count).times(8 / weights.bits).value();
  require_span(arguments, "zeroPoints", count,
               {blocks_of(weights), weights.n, weights.zero_point_block_stride,
                weights.zero_point_n_stride});
  weights.zero_points = static_cast<const uint8_t*>(zero_points.data);
}

}  // namespace

Napi::Value pack_block_matrix(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "packBlockMatrix");
  octavo_block_weights weights{};
  const Elements data = arguments.one_of(0, "data", {OCTAVO_U8}, "a Uint8Array");
  weights.data = static_cast<const uint8_t*>(data.data);
  weights.bits = static_cast<uint32_t>(read_bits(arguments, 1));
  weights.is_signed = arguments.boolean(2, "isSigned") ? 1 : 0;
  weights.k = arguments.size(3, "k");
  weights.n = arguments.size(4, "n");
  weights.block_size = arguments.size(5, "blockSize");
  if (weights.block_size == 0) arguments.fail("blockSize", "at least 1", "0");
  weights.k_stride = arguments.size(6, "kStride");
  weights.n_stride = arguments.size(7, "nStride");
  require_span(arguments, "data", CheckedSize(data.count).times(8 / weights.bits).value(),
               {weights.k, weights.n, weights.k_stride, weights.n_stride});
  read_scales(arguments, weights);
  read_zero_points(arguments, weights);
  octavo_packed_blocks* packed = nullptr;
  arguments.require_ok(octavo_pack_blocks(&weights, &packed));
  return BlockMatrixHandle::wrap(call.Env(), packed);
}

void block_matmul(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "blockMatmul");
  octavo_block_matmul_args args{};
  args.rhs = BlockMatrixHandle::unwrap(arguments, 0).get();
  const size_t k = octavo_packed_blocks_k(args.rhs), n = octavo_packed_blocks_n(args.rhs);
  read_float_rows(arguments, 1, k, args);
  args.mode = arguments.boolean(4, "dynamicInt8") ? OCTAVO_BLOCK_DYNAMIC_INT8 : OCTAVO_BLOCK_EXACT;
  read_float_outputs(arguments, 5, n, args);
  arguments.require_ok(octavo_block_matmul(&args));
}

}  // namespace octavo::napi
