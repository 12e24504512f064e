// What an emulating build (OCTAVO_EMULATE) can run, whatever the CPU has beyond AVX2.
#include "cpu/isa.h"

namespace octavo {

IsaSet detect_isa() { return isa::avx_vnni | isa::amx_int8 | isa::avx512vbmi | isa::avx512bf16; }

}  // namespace octavo
