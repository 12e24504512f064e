#include <algorithm>

#include "base/math.h"
#include "block_gemm/block_gemm.h"
#include "block_gemm/finish_rows.h"
#include "block_gemm/quantized_rows.h"
#include "block_gemm/select_block.h"
#include "float_gemm/task_grid.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

// Of quantized rows that pass each panel: they stay in the second-level cache beside it.
constexpr size_t kBlockRowsBytes = 192 * 1024;

void multiply_rows(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                   const BlockMicrokernel& kernel, const QuantizedRows& lhs, const Range& rows,
                   const Range& columns) {
  alignas(kCacheLine) float sums[kMaxBlockTileRows * kMaxGroupColumns];
  alignas(kCacheLine) int32_t totals[kMaxBlockTileRows * kBlockColumns];
  BlockTile tile{};
  tile.shape = rhs.shape;
  tile.lhs_stride = lhs.stride();
  tile.block_stride = rhs.shape.blocks;
  tile.out = sums;
  tile.totals = totals;
  // Tiles of nearly equal height: a last tile of one row would run at a fraction of the speed.
  const size_t count = rows.last - rows.first;
  const size_t tiles = div_up(count, kernel.mr);
  const size_t height = count / tiles, taller = count % tiles;
  const size_t group = rhs.group_columns();
  for (size_t column = columns.first; column < columns.last; column += group) {
    tile.group = rhs.group(column);
    tile.panels = rhs.panels_of_group(column);
    const size_t width = std::min(group, columns.last - column);
    for (size_t index = 0, row = rows.first; index < tiles; ++index, row += tile.rows) {
      tile.rows = height + (index < taller ? 1 : 0);
      tile.lhs = lhs.values(row);
      tile.lhs_scales = lhs.scales(row);
      tile.lhs_offsets = lhs.offsets(row);
      kernel.run(tile);
      for (size_t i = 0; i < tile.rows; ++i) {
        finish_row(args, row + i, column, sums + i * kMaxGroupColumns, width);
      }
    }
  }
}

}  // namespace

void block_gemm_int8(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                     IsaSet available) {
  const ExpandedMicrokernel* const expanded =
      select_expanded_microkernel(rhs.shape, args.m, available);
  if (expanded != nullptr) return block_gemm_expanded(args, rhs, *expanded, available);
  const BlockMicrokernel& kernel = select_block_microkernel(rhs.shape.bits, available);
  const QuantizedRows lhs(args, rhs, kernel.lhs, Offsets::kRead, available);
  lhs.quantize_all();
  const size_t block_rows =
      std::max<size_t>(1, kBlockRowsBytes / (lhs.stride() * kernel.mr)) * kernel.mr;
  const RowBlocks blocks(args.m, block_rows, kernel.mr);
  const TaskGrid grid(blocks, rhs.n, rhs.group_columns(), rhs.k, args.threads);
  parallel_for(grid.tasks(), grid.threads(), [&](size_t task) {
    multiply_rows(args, rhs, kernel, lhs, grid.rows(task), grid.columns(task));
  });
}

}  // namespace octavo
