// A processor without vector kernels here.
#include "cpu/isa.h"

namespace octavo {

IsaSet detect_isa() { return isa::scalar; }

}  // namespace octavo
