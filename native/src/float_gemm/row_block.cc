#include "float_gemm/row_block.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/aligned_buffer.h"
#include "base/math.h"
#include "float_gemm/pack_float.h"

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

void set_depth(const RowBlock& block, const DepthBlock& part, FloatTile& tile) {
  tile.depth = part.depth;
  tile.runs = part.run_count == 0 ? nullptr : block.runs + part.first_run;
  tile.run_count = part.run_count;
  tile.activation = part.last ? block.epilogue.activation : OCTAVO_IDENTITY;
  const bool clip = tile.activation == OCTAVO_CLIP;
  tile.low = clip ? block.epilogue.alpha : -std::numeric_limits<float>::infinity();
  tile.high = clip ? block.epilogue.beta : std::numeric_limits<float>::infinity();
  tile.start_stride = part.first ? block.epilogue.residual_stride : block.out_stride;
}

// Fewer tiles do not repay that the first leaves its weights as floats for the others.
constexpr size_t kFewestWideningTiles = 3;

// Tiles of nearly equal height: a last tile of one row would run at a fraction of the speed.
void multiply_rows(const RowBlock& block, const PanelRange& range, size_t column,
                   const float* start, const void* next_panel, FloatTile& tile) {
  const FloatMicrokernel& kernel = *range.kernel;
  const size_t tiles = div_up(block.row_count, kernel.mr);
  const size_t height = block.row_count / tiles, taller = block.row_count % tiles;
  // Together the tiles ask for all that they read of the next panel.
  tile.next_step = div_up(kTileSteps * kernel.nr * element_bytes(kernel.weights), tiles);
  const size_t hinted = tile.depth / kTileSteps * tile.run_count * tile.next_step;
  FloatMicrokernelFn run = kernel.run;
  tile.widened = tiles < kFewestWideningTiles ? nullptr : range.widened;
  for (size_t index = 0, row = 0; index < tiles; ++index) {
    tile.rows = height + (index < taller ? 1 : 0);
    tile.lhs = block.rows + row;
    tile.next = static_cast<const uint8_t*>(next_panel) + index * hinted;
    tile.out = block.out + row * block.out_stride + column;
    tile.start = start == nullptr ? nullptr : start + row * tile.start_stride + column;
    run(tile);
    row += tile.rows;
    if (tile.widened == nullptr) continue;
    tile.panel = std::exchange(tile.widened, nullptr);
    run = widened_microkernel(kernel)->run;
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
  const octavo_float_epilogue& epilogue = block.epilogue;
  FloatTile tile{};
  tile.alpha = epilogue.alpha;
  tile.beta = epilogue.beta;
  tile.out_stride = block.out_stride;
  tile.panel_stride = range.k * kernel.nr;
  // A piece of one run begins within it: its offset moves, and so does that of no other.
  size_t moved_run;
  for_each_depth_block(block, [&](const DepthBlock& part) {
    set_depth(block, part, tile);
    if (part.begin != 0) {
      moved_run = block.runs[part.first_run] + part.begin;
      tile.runs = &moved_run;
    }
    const float* start = part.first ? epilogue.residual : block.out;
    for (size_t column = range.first; column < range.last; column += tile.columns) {
      tile.columns = columns_at_once(kernel, block.row_count, range.last - column);
      const size_t width = padded_columns(kernel, std::min(tile.columns, kernel.nr));
      const size_t elements = column * range.k + part.k * width;
      const size_t bytes = element_bytes(kernel.weights);
      tile.panel = static_cast<const uint8_t*>(range.panels) + elements * bytes;
      const void* next = static_cast<const uint8_t*>(tile.panel) + kernel.nr * range.k * bytes;
      tile.bias = part.first && epilogue.bias != nullptr ? epilogue.bias + column : nullptr;
      multiply_rows(block, range, column, start, next, tile);
    }
  });
}

}  // namespace octavo
