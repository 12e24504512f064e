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

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_FLOAT_EPILOGUE_ARGUMENTS_H_
