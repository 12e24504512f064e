#include "api/float_checks.h"

#include "base/math.h"

namespace octavo {

void check_activation(const octavo_float_epilogue& epilogue) {
  const octavo_activation activation = epilogue.activation;
  require(activation >= OCTAVO_IDENTITY && activation <= OCTAVO_HARD_SWISH, "epilogue.activation",
          "one of the activations");
  require(epilogue.alpha == epilogue.alpha, "epilogue.alpha", "a number");
  require(epilogue.beta == epilogue.beta, "epilogue.beta", "a number");
}

void check_float_weight_type(octavo_type type, const char* argument) {
  require(type == OCTAVO_F32 || type == OCTAVO_F16 || type == OCTAVO_BF16, argument,
          "OCTAVO_F32, OCTAVO_F16 or OCTAVO_BF16");
}

size_t matrix_bytes(size_t rows, size_t columns, size_t row_stride, size_t column_stride,
                    size_t element_bytes, const char* argument) {
  if (rows == 0 || columns == 0) return 0;
  const CheckedSize last = CheckedSize(rows - 1)
                               .times(row_stride)
                               .plus(CheckedSize(columns - 1).times(column_stride).value())
                               .plus(1)
                               .times(element_bytes);
  require(last.fits(), argument, "strides that fit memory");
  return last.value();
}

}  // namespace octavo
