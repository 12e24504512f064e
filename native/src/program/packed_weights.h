// Weights that programs share with each other and with whoever packed them.
#ifndef OCTAVO_SRC_PROGRAM_PACKED_WEIGHTS_H_
#define OCTAVO_SRC_PROGRAM_PACKED_WEIGHTS_H_

#include <memory>
#include <variant>

#include "base/aligned_buffer.h"
#include "octavo/octavo.h"

namespace octavo {

using ConstantBlock = AlignedBuffer<uint8_t>;

using PackedWeights = std::variant<
    std::shared_ptr<const octavo_packed_matrix>, std::shared_ptr<const octavo_packed_conv2d>,
    std::shared_ptr<const octavo_packed_float>, std::shared_ptr<const octavo_packed_float_conv2d>,
    std::shared_ptr<const octavo_packed_blocks>>;

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_PACKED_WEIGHTS_H_
