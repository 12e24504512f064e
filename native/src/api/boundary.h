// Turns exceptions into status codes: none may pass the C API.
#ifndef OCTAVO_SRC_API_BOUNDARY_H_
#define OCTAVO_SRC_API_BOUNDARY_H_

#include <new>
#include <stdexcept>
#include <system_error>

#include "api/checks.h"

namespace octavo {

void set_last_error(const char* message) noexcept;

template <typename Call>
octavo_status at_boundary(Call call) noexcept {
  try {
    call();
    return OCTAVO_OK;
  } catch (const InvalidArgument& invalid) {
    set_last_error(invalid.message.c_str());
    return OCTAVO_INVALID_ARGUMENT;
  } catch (const std::bad_alloc&) {
    set_last_error("out of memory");
    return OCTAVO_OUT_OF_MEMORY;
  } catch (const std::length_error&) {
    set_last_error("out of memory");
    return OCTAVO_OUT_OF_MEMORY;
  } catch (const std::system_error& refused) {
    set_last_error(refused.what());
    return OCTAVO_OUT_OF_MEMORY;
  }
}

}  // namespace octavo

#endif  // OCTAVO_SRC_API_BOUNDARY_H_
