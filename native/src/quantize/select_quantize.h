// Which kernels convert between floats and narrow numbers, as a function of the hardware.
#ifndef OCTAVO_SRC_QUANTIZE_SELECT_QUANTIZE_H_
#define OCTAVO_SRC_QUANTIZE_SELECT_QUANTIZE_H_

#include <cstddef>

#include "cpu/isa.h"
#include "quantize/quantize_kernels.h"

namespace octavo {

// For what takes so many bytes on the wider side.
const QuantizeKernels& select_quantize(IsaSet available, size_t bytes);

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_SELECT_QUANTIZE_H_
