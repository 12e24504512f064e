// The epilogue as consecutive arguments:
//   bias, scales, rowScales, floatBias, zeroPoint, clampMin, clampMax, out, table, residual,
//   residualStride, sum
// table and residual may be undefined, and so may sum where there is no residual: a Float32Array of
// ratio, residualRatio, offset, and the smallest and the largest output. The stride of a residual
// is 0 for convolutions.
#ifndef OCTAVO_NAPI_EPILOGUE_ARGUMENTS_H_
#define OCTAVO_NAPI_EPILOGUE_ARGUMENTS_H_

#include "arguments.h"

namespace octavo::napi {

struct EpilogueArguments {
  octavo_epilogue epilogue;
  Elements out;  // its kind is the epilogue's output type
  Elements residual;
};

inline constexpr size_t kEpilogueArguments = 12;

// Reads kEpilogueArguments arguments from `index` for `rows` x `columns` outputs. Whoever calls
// checks that a residual is as long as its outputs need.
EpilogueArguments read_epilogue(const Arguments& arguments, size_t index, size_t rows,
                                size_t columns);

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_EPILOGUE_ARGUMENTS_H_
