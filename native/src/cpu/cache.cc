#include "cpu/cache.h"

#if defined(__linux__)
#include <unistd.h>
#endif

namespace octavo {
namespace {

constexpr size_t kUsual = size_t{1} << 20;

size_t ask_system() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
  const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (bytes > 0) return static_cast<size_t>(bytes);
#endif
  return kUsual;
}

}  // namespace

size_t second_level_cache() {
  // Virtual machines answer slowly.
  static const size_t bytes = ask_system();
  return bytes;
}

}  // namespace octavo
