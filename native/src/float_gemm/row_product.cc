#include "float_gemm/row_product.h"

#include "base/math.h"

namespace octavo {
namespace {

octavo_float_epilogue epilogue_of_row(const octavo_float_epilogue& epilogue, size_t row) {
  octavo_float_epilogue moved = epilogue;
  if (moved.residual != nullptr) moved.residual += row * moved.residual_stride;
  return moved;
}

}  // namespace

void multiply_rows(const RowProduct& product, const Range& rows, const PanelRange& columns,
                   float* memory) {
  const float* pointers[kBlockRows];
  const size_t whole_row = 0, count = rows.last - rows.first;
  const auto gather = product.in_pairs ? gather_pairs : gather_rows;
  gather(product.lhs, rows.first, count, product.k, memory, pointers);
  const size_t row_stride = count == 1 ? 0 : static_cast<size_t>(pointers[1] - pointers[0]);
  const size_t depth = product.in_pairs ? div_up(product.k, 2) : product.k;
  multiply_block({pointers, row_stride, count, &whole_row, 1, depth,
                  epilogue_of_row(product.epilogue, rows.first),
                  product.out + rows.first * product.out_stride, product.out_stride},
                 columns);
}

}  // namespace octavo
