#include "float_gemm/row_block.h"

#include <algorithm>

#include "base/aligned_buffer.h"
#include "base/math.h"
#include "float_gemm/pack_float.h"
#include "quantize/quantize.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

// A part of the depth: some runs whole, or a piece of a single one.
struct DepthBlock {
  size_t first_run;
  size_t run_count;
  size_t begin;  // within each run
  size_t depth;
  size_t k;  // weights before it
  bool first;
  bool last;
};

template <typename Visit>
void for_each_depth_block(const RowBlock& block, Visit visit) {
  const size_t runs = block.run_count, depth = block.depth;
  if (runs == 0 || depth == 0) return visit(DepthBlock{0, 0, 0, 0, 0, true, true});
  // What one row reads is not read again.
  const size_t pieces = runs == 1 && block.row_count > 1 ? div_up(depth, kBlockDepth) : 1;
  const size_t piece = div_up(depth, pieces);
  const size_t together = std::max<size_t>(1, kBlockDepth / depth);
  for (size_t run = 0; run < runs; run += together) {
    const size_t count = std::min(together, runs - run);
    for (size_t begin = 0; begin < depth; begin += piece) {
      const size_t length = std::min(piece, depth - begin);
      visit(DepthBlock{run, count, begin, length, run * depth + begin, run == 0 && begin == 0,
                       run + count == runs && begin + length == depth});
    }
  }
}

void set_block(const RowBlock& block, FloatTile& tile) {
  tile.alpha = block.epilogue.alpha;
  tile.beta = block.epilogue.beta;
  tile.out_stride = block.out_stride;
}

bool rows_follow(const RowBlock& block, const DepthBlock& part) {
  return part.run_count == 1 && block.row_stride == part.depth;
}

void set_depth(const RowBlock& block, const DepthBlock& part, FloatTile& tile) {
  tile.depth = part.depth;
  tile.runs = part.run_count == 0 ? nullptr : block.runs + part.first_run;
  tile.run_count = part.run_count;
  tile.activation = part.last ? block.epilogue.activation : OCTAVO_IDENTITY;
  tile.start_stride = part.first ? block.epilogue.residual_stride : block.out_stride;
}

// Fewer tiles convert their weights as they load them.
constexpr size_t kFewestWideningTiles = 3;

// Leaves `count` weights of 16 bits as floats, on this thread.
void widen(octavo_type type, const void* weights, size_t count, float* floats) {
  const ThreadLimit alone(1);
  const uint16_t* const halves = static_cast<const uint16_t*>(weights);
  if (type == OCTAVO_F16) return half_to_floats(halves, count, floats);
  bfloat_to_floats(halves, count, floats);
}

// What tiles ask memory for while they multiply: the rows of the next tile, where those of a block
// follow each other, while the first panel passes by; then the next panel, each tile a part of it.
// Addresses, since nothing need follow the last tile or panel.
struct Hint {
  bool rows;
  uintptr_t panel;
  size_t panel_row_bytes;
};

// Tiles of nearly equal height: a last tile of one row would run at a fraction of the speed.
void multiply_rows(const RowBlock& block, const FloatMicrokernel& kernel, size_t column,
                   const float* start, const Hint& hint, FloatTile& tile) {
  const size_t tiles = div_up(block.row_count, kernel.mr);
  const size_t height = block.row_count / tiles, taller = block.row_count % tiles;
  const size_t panel_step = div_up(kTileSteps * hint.panel_row_bytes, tiles);
  const size_t panel_part = tile.depth / kTileSteps * tile.run_count * panel_step;
  for (size_t index = 0, row = 0; index < tiles; ++index) {
    tile.rows = height + (index < taller ? 1 : 0);
    tile.lhs = block.rows + row;
    const size_t span = static_cast<size_t>(tile.lhs[tile.rows - 1] - tile.lhs[0]);
    tile.lhs_stride = span == (tile.rows - 1) * block.row_stride ? block.row_stride : 0;
    tile.next = hint.panel + index * panel_part;
    tile.next_step = panel_step;
    if (hint.rows) {
      tile.next = reinterpret_cast<uintptr_t>(tile.lhs[0]) +
                  tile.rows * block.row_stride * sizeof(float);
      tile.next_step = kTileSteps * tile.rows * sizeof(float);
    }
    tile.out = block.out + row * block.out_stride + column;
    tile.start = start == nullptr ? nullptr : start + row * tile.start_stride + column;
    kernel.run(tile);
    row += tile.rows;
  }
}

// Columns of the panels that are multiplied at once, of `columns` that are left.
size_t columns_at_once(const FloatMicrokernel& kernel, size_t rows, size_t columns) {
  constexpr size_t kPanels = kRowPanels;
  if (rows == 1 && columns > (kPanels - 1) * kernel.nr + kernel.lanes) {
    return std::min(columns, kPanels * kernel.nr);
  }
  return std::min(columns, kernel.nr);
}

}  // namespace

size_t widened_floats(const FloatMicrokernel& kernel, size_t rows) {
  const bool repays = div_up(rows, kernel.mr) >= kFewestWideningTiles;
  return repays && widened_microkernel(kernel) != nullptr ? kBlockDepth * kernel.nr : 0;
}

void multiply_block(const RowBlock& block, const PanelRange& range) {
  if (block.row_count == 0) return;
  const FloatMicrokernel& kernel = *range.kernel;
  const bool widens = range.widened != nullptr && widened_floats(kernel, block.row_count) != 0;
  const FloatMicrokernel& multiplying = widens ? *widened_microkernel(kernel) : kernel;
  const float* const bias = block.epilogue.bias;
  FloatTile tile{};
  set_block(block, tile);
  tile.panel_stride = range.k * kernel.nr;
  // A piece of one run begins within it: its offset moves, and so does that of no other.
  size_t moved_run;
  for_each_depth_block(block, [&](const DepthBlock& part) {
    set_depth(block, part, tile);
    if (part.begin != 0) {
      moved_run = block.runs[part.first_run] + part.begin;
      tile.runs = &moved_run;
    }
    const float* start = part.first ? block.epilogue.residual : block.out;
    for (size_t column = range.first; column < range.last; column += tile.columns) {
      tile.columns = columns_at_once(kernel, block.row_count, range.last - column);
      const size_t width = padded_columns(kernel, std::min(tile.columns, kernel.nr));
      const size_t elements = column * range.k + part.k * width;
      const size_t row_bytes = kernel.nr * element_bytes(kernel.weights);
      const uint8_t* const panel =
          static_cast<const uint8_t*>(range.panels) + elements * element_bytes(kernel.weights);
      const bool hints_rows = column == range.first && rows_follow(block, part);
      const Hint hint{hints_rows, reinterpret_cast<uintptr_t>(panel) + range.k * row_bytes,
                      row_bytes};
      tile.panel = panel;
      tile.bias = part.first && bias != nullptr ? bias + column : nullptr;
      if (widens) {
        widen(kernel.weights, panel, part.run_count * part.depth * width, range.widened);
        tile.panel = range.widened;
      }
      multiply_rows(block, multiplying, column, start, hint, tile);
    }
  });
}

}  // namespace octavo
