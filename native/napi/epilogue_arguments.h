// The epilogue as consecutive arguments:
//   bias, scales, rowScales, floatBias, zeroPoint, clampMin, clampMax, out
#ifndef OCTAVO_NAPI_EPILOGUE_ARGUMENTS_H_
#define OCTAVO_NAPI_EPILOGUE_ARGUMENTS_H_

#include "arguments.h"

namespace octavo::napi {

struct EpilogueArguments {
  octavo_epilogue epilogue;
  Elements out;  // its kind is the epilogue's output type
};

inline constexpr size_t kEpilogueArguments = 8;

// Reads kEpilogueArguments arguments from `index` for `rows` x `columns` outputs.
EpilogueArguments read_epilogue(const Arguments& arguments, size_t index, size_t rows,
                                size_t columns);

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_EPILOGUE_ARGUMENTS_H_
