// Columns of weights into one panel of a microkernel's layout, at the speed of a copy.
#ifndef OCTAVO_SRC_PACK_PACK_PANEL_H_
#define OCTAVO_SRC_PACK_PACK_PANEL_H_

#include <cstddef>
#include <cstdint>

#include "octavo/octavo.h"

namespace octavo {

struct ColumnRange {
  size_t first;
  size_t count;
};

// A panel is [K / kr][columns][kr].
struct PanelShape {
  size_t kr;
  size_t columns;
};

// Writes the weights of a range, which has at most `shape.columns`, signed (unsigned ones less 128)
// into a panel, and adds what it wrote to the sums of its columns; padding is left as it is.
void pack_panel(const octavo_weights& weights, ColumnRange range, PanelShape shape, int8_t* panel,
                int32_t* sums);

}  // namespace octavo

#endif  // OCTAVO_SRC_PACK_PACK_PANEL_H_
