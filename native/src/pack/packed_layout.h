// How a microkernel wants its weights: panels of `nr` columns, each [K / kr][columns][kr].
#ifndef OCTAVO_SRC_PACK_PACKED_LAYOUT_H_
#define OCTAVO_SRC_PACK_PACKED_LAYOUT_H_

#include <cstddef>
#include <cstdint>

#include "base/math.h"

namespace octavo {

// K is padded with zeros to a multiple of `kr`; the last panel's columns to a multiple of
// `granule`. `nr` is a multiple of `granule`.
struct PackedLayout {
  uint32_t nr;
  uint32_t granule;
  uint32_t kr;

  friend constexpr bool operator==(const PackedLayout& a, const PackedLayout& b) {
    return a.nr == b.nr && a.granule == b.granule && a.kr == b.kr;
  }
  constexpr size_t padded_k(size_t k) const { return div_up(k, kr) * kr; }
  constexpr size_t padded_n(size_t n) const { return div_up(n, granule) * granule; }
};

inline constexpr size_t kMaxPanelColumns = 64;

}  // namespace octavo

#endif  // OCTAVO_SRC_PACK_PACKED_LAYOUT_H_
