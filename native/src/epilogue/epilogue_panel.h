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

constexpr size_t output_bytes(octavo_type output) {
  return output == OCTAVO_S32 || output == OCTAVO_F32 ? 4 : 1;
}

// Gives epilogues one scale a column, whether the caller has one a column or one for all.
template <size_t kColumns>
class ScalePanel {
 public:
  explicit ScalePanel(const octavo_epilogue& epilogue) : epilogue_(epilogue) {
    if (epilogue.scale_count == 1) std::fill_n(same_, kColumns, epilogue.scales[0]);
  }
  const float* from(size_t column) const {
    return epilogue_.scale_count == 1 ? same_ : epilogue_.scales + column;
  }

 private:
  const octavo_epilogue& epilogue_;
  alignas(kCacheLine) float same_[kColumns];
};

}  // namespace octavo

#endif  // OCTAVO_SRC_EPILOGUE_EPILOGUE_PANEL_H_
