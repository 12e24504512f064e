// The typed arrays of one run.
#ifndef OCTAVO_NAPI_RUN_BUFFERS_H_
#define OCTAVO_NAPI_RUN_BUFFERS_H_

#include <span>
#include <vector>

#include "arguments.h"
#include "program/program.h"

namespace octavo::napi {

// Throws unless there are as many typed arrays as memories, each large enough.
std::vector<Bytes> read_memories(const Arguments& arguments, const char* name,
                                 std::span<const napi_value> arrays,
                                 std::span<const size_t> needed);

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_RUN_BUFFERS_H_
