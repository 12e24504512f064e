// The epilogue of an integer product among the parameters of an op.
#ifndef OCTAVO_SRC_PROGRAM_EPILOGUE_READER_H_
#define OCTAVO_SRC_PROGRAM_EPILOGUE_READER_H_

#include "program/op_reader.h"

namespace octavo {

// Operands: bias (int32) and scales, constant or left out. Words: output type, zero point, smallest
// and largest output.
inline octavo_epilogue read_epilogue(OpReader& reader, size_t columns) {
  octavo_epilogue epilogue{};
  const auto bias = reader.constant<int32_t>("bias");
  const auto scales = reader.constant<float>("scales");
  reader.expect(bias.data == nullptr || bias.count == columns, "bias", "one for each column");
  epilogue.bias = bias.data;
  epilogue.scales = scales.data;
  epilogue.scale_count = scales.count;
  epilogue.output = reader.type("output type");
  epilogue.zero_point = reader.word("zero point");
  epilogue.clamp_min = reader.word("smallest output");
  epilogue.clamp_max = reader.word("largest output");
  check_epilogue(epilogue, columns);
  return epilogue;
}

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_EPILOGUE_READER_H_
