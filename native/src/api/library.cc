// The part of the C API that says what this library is and what it runs on.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "api/boundary.h"
#include "cpu/isa.h"
#include "gemm/select.h"

namespace octavo {
namespace {

constexpr size_t kMessageBytes = 256;
thread_local char last_error[kMessageBytes] = "";

}  // namespace

void set_last_error(const char* message) noexcept {
  std::snprintf(last_error, kMessageBytes, "%s", message);
}

}  // namespace octavo

const char* octavo_last_error(void) { return octavo::last_error; }

const char* octavo_version(void) { return OCTAVO_VERSION; }

const char* octavo_build(void) { return OCTAVO_BUILD; }

const char* octavo_detected_isa(void) {
  static const std::string names = octavo::isa_names(octavo::detect_isa());
  return names.c_str();
}

const char* octavo_active_isa(void) {
  static const std::string names = octavo::isa_names(octavo::active_isa());
  return names.c_str();
}

const char* octavo_unknown_isa(void) {
  static const std::string names = [] {
    const char* text = std::getenv("OCTAVO_ISA");
    return text == nullptr ? std::string() : octavo::parse_isa_request(text).unknown;
  }();
  return names.c_str();
}

const char* octavo_gemm_kernel(void) { return octavo::select_microkernel().name; }
