#include "run_buffers.h"

namespace octavo::napi {

std::vector<Bytes> read_memories(const Arguments& arguments, const char* name,
                                 std::span<const napi_value> arrays,
                                 std::span<const size_t> needed) {
  arguments.require_count(name, arrays.size(), needed.size());
  std::vector<Bytes> memories(arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    if (!read_bytes(arguments.env(), arrays[i], memories[i])) {
      arguments.fail(name, "typed arrays", "another value");
    }
    if (memories[i].count < needed[i]) {
      arguments.fail(name, std::to_string(needed[i]) + " bytes", std::to_string(memories[i].count));
    }
  }
  return memories;
}

}  // namespace octavo::napi
