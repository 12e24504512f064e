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

// Operand: a residual of as many bytes as the output has elements and apart from it, or none. Words
// where there is one: ratio, ratio of the residual, offset, and whether it comes first.
inline Operand read_residual(OpReader& reader, const CheckedSize& elements, const Operand& output,
                             octavo_epilogue& epilogue) {
  const Operand operand = reader.optional_input("residual", elements, 1);
  if (!operand.present) return operand;
  reader.expect_disjoint(operand, output);
  octavo_residual& residual = epilogue.residual;
  residual.type = epilogue.output;
  residual.ratio = reader.number("ratio");
  residual.residual_ratio = reader.number("ratio of the residual");
  residual.offset = reader.number("offset");
  residual.comes_first = reader.word("whether the residual comes first");
  residual.clamp_min = epilogue.output == OCTAVO_S8 ? -128 : 0;
  residual.clamp_max = residual.clamp_min + 255;
  check_residual(epilogue);
  return operand;
}

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_EPILOGUE_READER_H_
