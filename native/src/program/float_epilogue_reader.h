// The epilogue of a float product among the parameters of an op.
#ifndef OCTAVO_SRC_PROGRAM_FLOAT_EPILOGUE_READER_H_
#define OCTAVO_SRC_PROGRAM_FLOAT_EPILOGUE_READER_H_

#include "api/float_checks.h"
#include "program/op_reader.h"

namespace octavo {

// Operands of an epilogue: bias, one float for each column, constant or left out; residual, left
// out or laid out like the output, which it may be. Words: activation, alpha, beta.
inline octavo_float_epilogue read_float_epilogue(OpReader& reader) {
  octavo_float_epilogue epilogue{};
  epilogue.activation = reader.word("activation");
  epilogue.alpha = reader.number("alpha");
  epilogue.beta = reader.number("beta");
  check_activation(epilogue);
  return epilogue;
}

inline ConstantValues<float> read_bias(OpReader& reader, size_t columns) {
  const auto bias = reader.constant<float>("bias");
  reader.expect(bias.data == nullptr || bias.count == columns, "bias", "one for each column");
  return bias;
}

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_FLOAT_EPILOGUE_READER_H_
