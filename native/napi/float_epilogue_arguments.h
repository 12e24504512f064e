// The epilogue of a float product among the arguments of a call, and its threads.
#ifndef OCTAVO_NAPI_FLOAT_EPILOGUE_ARGUMENTS_H_
#define OCTAVO_NAPI_FLOAT_EPILOGUE_ARGUMENTS_H_

#include "arguments.h"

namespace octavo::napi {

// At least `count` floats; null for undefined and null.
const float* optional_floats(const Arguments& arguments, size_t index, const char* name,
                             const CheckedSize& count);

// A Float32Array of the activation's number, alpha and beta.
void read_activation(const Arguments& arguments, size_t index, octavo_float_epilogue& epilogue);

uint32_t read_threads(const Arguments& arguments, size_t index);

// From argument `index`: lhs, m and lhsStride of a product with weights of `k` rows.
template <typename Args>
void read_float_rows(const Arguments& arguments, size_t index, size_t k, Args& args) {
  const Elements lhs = arguments.one_of(index, "lhs", {OCTAVO_F32}, "a Float32Array");
  args.lhs = static_cast<const float*>(lhs.data);
  args.m = arguments.size(index + 1, "m");
  args.lhs_stride = arguments.size(index + 2, "lhsStride");
  arguments.require_at_least("lhs", lhs.count, span_of_rows(args.m, k, args.lhs_stride));
}

// From argument `index`: bias, residual, residualStride, activation, out, outStride and threads of
// a product of `n` columns whose rows have been read.
template <typename Args>
void read_float_outputs(const Arguments& arguments, size_t index, size_t n, Args& args) {
  args.epilogue.bias = optional_floats(arguments, index, "bias", CheckedSize(n));
  args.epilogue.residual_stride = arguments.size(index + 2, "residualStride");
  args.epilogue.residual = optional_floats(arguments, index + 1, "residual",
                                           span_of_rows(args.m, n, args.epilogue.residual_stride));
  read_activation(arguments, index + 3, args.epilogue);
  const Elements out = arguments.one_of(index + 4, "out", {OCTAVO_F32}, "a Float32Array");
  args.out = static_cast<float*>(out.data);
  args.out_stride = arguments.size(index + 5, "outStride");
  arguments.require_at_least("out", out.count, span_of_rows(args.m, n, args.out_stride));
  args.threads = read_threads(arguments, index + 6);
}

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_FLOAT_EPILOGUE_ARGUMENTS_H_
