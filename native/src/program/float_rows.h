// The rows of a float product among the parameters of an op, whatever its weights are.
#ifndef OCTAVO_SRC_PROGRAM_FLOAT_ROWS_H_
#define OCTAVO_SRC_PROGRAM_FLOAT_ROWS_H_

#include "program/float_epilogue_reader.h"

namespace octavo {

// `Args` are the arguments of a product of the C API. Rows are dense.
template <typename Args>
class FloatRows {
 public:
  // Operands: bias (constant or left out), residual (or left out), input, output. Words:
  // activation, alpha, beta, rows.
  void read(OpReader& reader, size_t k, size_t n, Args& args) {
    args.epilogue = read_float_epilogue(reader);
    args.epilogue.bias = read_bias(reader, n).data;
    args.epilogue.residual_stride = n;
    args.m = reader.size("rows");
    args.lhs_stride = k;
    args.out_stride = n;
    const CheckedSize rows = CheckedSize(args.m);
    const CheckedSize out = rows.times(n).times(sizeof(float));
    residual_ = reader.optional_input("residual", out, sizeof(float));
    input_ = reader.input("input", rows.times(k).times(sizeof(float)), sizeof(float));
    output_ = reader.output("output", out, sizeof(float));
    reader.expect_disjoint(input_, output_);
    reader.expect_elementwise(residual_, output_);
  }

  // The arguments of one run.
  Args place(Args args, const Frame& frame) const {
    args.lhs = input_.in<const float>(frame);
    args.epilogue.residual = residual_.in<const float>(frame);
    args.out = output_.in<float>(frame);
    return args;
  }

 private:
  Operand residual_, input_, output_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_FLOAT_ROWS_H_
