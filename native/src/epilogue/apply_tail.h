// The tail of an epilogue on outputs that kernels without one have written.
#ifndef OCTAVO_SRC_EPILOGUE_APPLY_TAIL_H_
#define OCTAVO_SRC_EPILOGUE_APPLY_TAIL_H_

#include <cstddef>

#include "cpu/isa.h"
#include "octavo/octavo.h"

namespace octavo {

// `count` dense outputs from the first on, in place. Uses as many threads as usable_threads() says.
void apply_tail(const octavo_epilogue& epilogue, size_t count, void* out,
                IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_EPILOGUE_APPLY_TAIL_H_
