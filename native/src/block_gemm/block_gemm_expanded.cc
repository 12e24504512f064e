#include <algorithm>

#include "base/math.h"
#include "block_gemm/block_gemm.h"
#include "block_gemm/finish_rows.h"
#include "block_gemm/quantized_rows.h"
#include "float_gemm/task_grid.h"
#include "threading/failure.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

// Of the quantized rows that pass expanded weights: they stay in the second-level cache, and are
// enough to be worth the expansion.
constexpr size_t kRowsBytes = 768 * 1024;
// Of expanded weights: fewer would fetch and write back the sums of rows more often, and the first
// ones would have no time to ask for all of the next rows.
constexpr size_t kExpandedBytes = 256 * 1024;
// Rows of a task that are still enough to be worth the expansion, where there are few columns.
constexpr size_t kLeastRows = 128;
// Of columns that make a task: two panels are multiplied as fast as three.
constexpr size_t kTaskColumns = 2 * kBlockColumns;
// How far ahead in a panel weights are asked for: a small part of it, since another panel's follow.
constexpr size_t kBytesAhead = 1024;
// Rows of outputs that are asked for before they are written: no row's memory leads to the next.
constexpr size_t kRowsAhead = 8;

// Of blocks, what is expanded at once: pieces of nearly equal length, each of at most `most`.
size_t even_piece(size_t blocks, size_t most) {
  return div_up(blocks, div_up(blocks, std::max<size_t>(1, most)));
}

class ExpandedProduct {
 public:
  ExpandedProduct(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                  const ExpandedMicrokernel& kernel, IsaSet available)
      : args_(args),
        rhs_(rhs),
        kernel_(kernel),
        lhs_(args, rhs, kernel.lhs, Offsets::kNone, available),
        quads_per_row_(8 / rhs.shape.bits),
        chunk_blocks_(even_piece(rhs.shape.blocks,
                                 kExpandedBytes / kernel.panels / expanded_bytes(1))) {}

  // Rows of a task, a multiple of 16: fewer where the columns alone are too few tasks for so many
  // threads.
  size_t task_rows(uint32_t threads) const {
    const size_t most = std::max<size_t>(1, kRowsBytes / (lhs_.stride() * kRowUnit)) * kRowUnit;
    const size_t parts = div_up(threads * TaskGrid::kTasksPerThread, div_up(rhs_.n, kTaskColumns));
    if (threads <= 1 || parts <= 1) return most;
    const size_t part = div_up(div_up(args_.m, parts), kRowUnit) * kRowUnit;
    return std::min(most, std::max(kLeastRows, part));
  }
  size_t group() const { return kernel_.panels * kBlockColumns; }
  size_t scratch_floats(size_t rows) const {
    return rows * group() + kernel_.panels * expanded_bytes(chunk_blocks_) / sizeof(float) +
           found_blocks() * kBlockColumns;
  }

  // Before tasks that share rows; others quantize theirs while they multiply.
  void quantize_all() {
    lhs_.quantize_all();
    quantized_ = true;
  }

  void multiply(const Range& rows, const Range& columns, float* scratch) const {
    const size_t panels = div_up(columns.last - columns.first, kBlockColumns);
    // Panels that are packed together are two halves, since their memory is read twice.
    const size_t half = rhs_.group_panels == 1 ? kernel_.panels : rhs_.group_panels / 2;
    const size_t most = std::min(kernel_.panels, half);
    const size_t groups = div_up(panels, most);
    // Groups of nearly equal width.
    for (size_t index = 0, first = columns.first; index < groups; ++index) {
      const size_t width = (panels / groups + (index < panels % groups ? 1 : 0)) * kBlockColumns;
      const Range group{first, std::min(columns.last, first + width)};
      multiply_group({rows, group, columns.last, index == 0 && !quantized_}, scratch);
      first += width;
    }
  }

  static constexpr size_t kRowUnit = 16;

 private:
  size_t expanded_bytes(size_t blocks) const {
    return blocks *
           (kExpandedHeaderBytes + rhs_.shape.block_rows * quads_per_row_ * kBlockRowBytes);
  }

  struct Group {
    Range rows, columns;
    size_t end;       // of the columns of all groups
    bool quantizing;  // its rows have not been quantized

    size_t count() const { return rows.last - rows.first; }
    size_t panels() const { return div_up(columns.last - columns.first, kBlockColumns); }
    size_t width() const { return panels() * kBlockColumns; }
  };

  void multiply_group(const Group& group, float* scratch) const {
    const size_t outputs = group.columns.last - group.columns.first, width = group.width();
    const bool finished = outputs == width && sums_are_outputs(args_);
    float* const out = args_.out + group.rows.first * args_.out_stride + group.columns.first;
    for (size_t block = 0; block < rhs_.shape.blocks; block += chunk_blocks_) {
      ExpandedTile tile = expand_chunk(group, block, scratch);
      if (finished && block + chunk_blocks_ >= rhs_.shape.blocks) {
        tile.out = out;
        tile.out_stride = args_.out_stride;
      }
      if (group.quantizing && block == 0) {
        quantize_and_multiply(group, tile, scratch);
      } else {
        kernel_.run(tile);
      }
    }
    for (size_t i = 0; i < group.count() && !finished; ++i) {
      const size_t row = group.rows.first + i;
      if (i + kRowsAhead < group.count()) {
        prefetch_row(args_, row + kRowsAhead, group.columns.first, outputs);
      }
      finish_row(args_, row, group.columns.first, scratch + i * width, outputs);
    }
  }

  // Blocks from `block` on. The sums are in scratch memory, before what is expanded. The next
  // panels are asked for meanwhile.
  ExpandedTile expand_chunk(const Group& group, size_t block, float* scratch) const {
    const size_t panels = group.panels(), count = group.count(), width = group.width();
    uint8_t* const expanded = reinterpret_cast<uint8_t*>(scratch + count * width);
    BlockShape shape = rhs_.shape;
    shape.blocks = std::min(chunk_blocks_, rhs_.shape.blocks - block);
    if (block + shape.blocks != rhs_.shape.blocks) shape.last_rows = shape.block_rows;
    const size_t stride = expanded_bytes(shape.blocks);
    for (size_t panel = 0; panel < panels;) {
      const size_t column = group.columns.first + panel * kBlockColumns;
      const size_t together = std::min(panels - panel, rhs_.panels_from(column));
      kernel_.expand({shape, together, rhs_.block(column, block), rhs_.block_step(column),
                      rhs_.block(column, block + shape.blocks - 1), bytes_ahead(column),
                      expanded + panel * stride, stride});
      panel += together;
    }
    const size_t next = group.columns.first + width;
    const bool asks = next < group.end && next % rhs_.group_columns() == 0;
    const size_t packed_groups = div_up(panels, rhs_.group_panels);
    return {shape.blocks, shape.block_rows * quads_per_row_, shape.last_rows * quads_per_row_,
            panels, expanded, stride, count,
            lhs_.values(group.rows.first) + block * rhs_.block_size, lhs_.stride(),
            lhs_.scales(group.rows.first) + block, rhs_.shape.blocks, block == 0, scratch, scratch,
            width, asks ? rhs_.group(next) : nullptr, asks ? packed_groups * rhs_.group_bytes : 0};
  }

  // Whether the next rows are measured while others are multiplied.
  bool measures() const {
    constexpr size_t kUnit = 64;
    return kernel_.measures && chunk_blocks_ == rhs_.shape.blocks && rhs_.block_size % kUnit == 0 &&
           rhs_.k % rhs_.block_size == 0;
  }
  // And some more, since 16 blocks are read together.
  size_t found_blocks() const {
    return measures() ? kRowUnit * rhs_.shape.blocks + kBlockColumns : 0;
  }

  // A few rows at a time, while the next ones are measured or asked for: memory would make others
  // wait.
  void quantize_and_multiply(const Group& group, const ExpandedTile& whole, float* scratch) const {
    ExpandedTile tile = whole;
    float* const end = scratch + scratch_floats(group.count());
    tile.found = reinterpret_cast<int32_t(*)[kBlockColumns]>(end - found_blocks() * kBlockColumns);
    tile.next_stride = args_.lhs_stride;
    for (size_t row = group.rows.first; row < group.rows.last; row += tile.rows) {
      tile.rows = std::min(kRowUnit, group.rows.last - row);
      lhs_.quantize(row, tile.rows, tile.next == nullptr ? nullptr : tile.found);
      const size_t next = row + tile.rows, left = std::min(kRowUnit, group.rows.last - next);
      const float* const following = args_.lhs + next * args_.lhs_stride;
      tile.next = measures() && left == kRowUnit ? following : nullptr;
      tile.ahead = left == 0 ? whole.ahead : following;
      tile.ahead_bytes =
          left == 0 ? whole.ahead_bytes : left * args_.lhs_stride * sizeof(float);
      kernel_.run(tile);
      tile.lhs += tile.rows * tile.lhs_stride;
      tile.lhs_scales += tile.rows * tile.block_stride;
      tile.sums += tile.rows * group.width();
      tile.out += tile.rows * tile.out_stride;
    }
  }

  // To blocks of the same panel: others' may not be wanted next.
  size_t bytes_ahead(size_t column) const {
    const size_t blocks = div_up(kBytesAhead, rhs_.shape.block_bytes(rhs_.shape.block_rows));
    return blocks * rhs_.block_step(column);
  }

  const octavo_block_matmul_args& args_;
  const PackedBlocks& rhs_;
  const ExpandedMicrokernel& kernel_;
  QuantizedRows lhs_;
  size_t quads_per_row_;  // rows of 64 expanded bytes in one of packed ones
  size_t chunk_blocks_;   // that are expanded at once
  bool quantized_ = false;
};

}  // namespace

void block_gemm_expanded(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                         const ExpandedMicrokernel& kernel, IsaSet available) {
  ExpandedProduct product(args, rhs, kernel, available);
  const size_t task_rows = product.task_rows(usable_threads(args.threads));
  const RowBlocks blocks(args.m, task_rows, ExpandedProduct::kRowUnit);
  const TaskGrid grid(blocks, rhs.n, kTaskColumns, rhs.k, args.threads);
  if (!grid.tasks_have_all_columns()) product.quantize_all();
  Failure failure;
  parallel_for(grid.tasks(), grid.threads(), [&](size_t task) {
    const Range rows = grid.rows(task);
    float* const scratch = failure.scratch(product.scratch_floats(rows.last - rows.first));
    if (scratch != nullptr) product.multiply(rows, grid.columns(task), scratch);
  });
  failure.rethrow();
}

}  // namespace octavo
