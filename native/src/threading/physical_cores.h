// How many threads compute at full speed at once.
#ifndef OCTAVO_SRC_THREADING_PHYSICAL_CORES_H_
#define OCTAVO_SRC_THREADING_PHYSICAL_CORES_H_

#include <cstdint>

namespace octavo {

// Physical cores that this process may run on; logical ones where the system does not tell them
// apart. At least 1.
uint32_t physical_cores();

}  // namespace octavo

#endif  // OCTAVO_SRC_THREADING_PHYSICAL_CORES_H_
