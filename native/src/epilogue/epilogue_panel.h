// An epilogue's parameters for one panel of columns.
#ifndef OCTAVO_SRC_EPILOGUE_EPILOGUE_PANEL_H_
#define OCTAVO_SRC_EPILOGUE_EPILOGUE_PANEL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "epilogue/epilogue.h"
#include "octavo/octavo.h"

namespace octavo {

constexpr EpilogueKind epilogue_kind(octavo_type output) {
  if (output == OCTAVO_S32) return EpilogueKind::s32;
  return output == OCTAVO_F32 ? EpilogueKind::f32 : EpilogueKind::q8;
}

inline bool has_tail(const octavo_epilogue& epilogue) {
  return epilogue.table != nullptr || epilogue.residual.data != nullptr;
}

inline EpilogueKind epilogue_kind(const octavo_epilogue& epilogue) {
  return has_tail(epilogue) ? EpilogueKind::q8_tail : epilogue_kind(epilogue.output);
}

// Of outputs from element `first` of the residual on.
inline EpilogueTail tail_of(const octavo_epilogue& epilogue, size_t first) {
  const octavo_residual& residual = epilogue.residual;
  const uint8_t* data = static_cast<const uint8_t*>(residual.data);
  EpilogueTail tail{};
  tail.table = epilogue.table;
  tail.residual = data == nullptr ? nullptr : data + first;
  tail.residual_stride = residual.stride;
  tail.is_signed = epilogue.output == OCTAVO_S8;
  tail.residual_is_signed = residual.type == OCTAVO_S8;
  tail.residual_comes_first = residual.comes_first != 0;
  tail.ratio = residual.ratio;
  tail.residual_ratio = residual.residual_ratio;
  tail.offset = residual.offset;
  tail.clamp_min = residual.clamp_min;
  tail.clamp_max = residual.clamp_max;
  return tail;
}

// The same epilogue for outputs that begin `elements` further in the residual.
inline octavo_epilogue with_residual_from(octavo_epilogue epilogue, size_t elements) {
  const uint8_t* data = static_cast<const uint8_t*>(epilogue.residual.data);
  if (data != nullptr) epilogue.residual.data = data + elements;
  return epilogue;
}

constexpr size_t output_bytes(octavo_type output) {
  return output == OCTAVO_S32 || output == OCTAVO_F32 ? 4 : 1;
}

// Gives epilogues one scale a column, whether the caller has one a column or one for all, and zeros
// beyond them.
template <size_t kColumns>
class ScalePanel {
 public:
  void begin_columns(const octavo_epilogue& epilogue, size_t first, size_t count) {
    if (epilogue.scales == nullptr) return;
    if (epilogue.scale_count == 1) {
      std::fill_n(scales_, count, epilogue.scales[0]);
    } else {
      std::copy_n(epilogue.scales + first, count, scales_);
    }
    std::fill(scales_ + count, scales_ + kColumns, 0.0f);
  }
  const float* scales() const { return scales_; }

 private:
  alignas(kCacheLine) float scales_[kColumns];
};

}  // namespace octavo

#endif  // OCTAVO_SRC_EPILOGUE_EPILOGUE_PANEL_H_
