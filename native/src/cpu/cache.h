// How much the caches of a core hold.
#ifndef OCTAVO_SRC_CPU_CACHE_H_
#define OCTAVO_SRC_CPU_CACHE_H_

#include <cstddef>

namespace octavo {

// In bytes; what most cores have at least where the system does not tell.
size_t second_level_cache();

}  // namespace octavo

#endif  // OCTAVO_SRC_CPU_CACHE_H_
