// A product whose rows are multiplied a block at a time, where they are or copied.
#ifndef OCTAVO_SRC_FLOAT_GEMM_ROW_PRODUCT_H_
#define OCTAVO_SRC_FLOAT_GEMM_ROW_PRODUCT_H_

#include <cstddef>

#include "float_gemm/lhs_rows.h"
#include "float_gemm/row_block.h"

namespace octavo {

struct RowProduct {
  LhsMatrix lhs;
  size_t k;  // at most that of the columns
  bool in_pairs;
  octavo_float_epilogue epilogue;
  float* out;  // of row 0, like the epilogue
  size_t out_stride;
};

// At most kBlockRows rows. `memory` holds their copies (copied_floats), or is null.
void multiply_rows(const RowProduct& product, const Range& rows, const PanelRange& columns,
                   float* memory);

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_ROW_PRODUCT_H_
