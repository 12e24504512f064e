#include "gemm/gemm.h"

#include <algorithm>

#include "base/math.h"
#include "epilogue/epilogue_panel.h"
#include "epilogue/select_epilogue.h"
#include "gemm/accumulator_init.h"
#include "gemm/lhs_block.h"
#include "gemm/select.h"

namespace octavo {
namespace {

struct Columns {
  size_t first;
  size_t count;
  size_t padded;
};

// The only caller of microkernels: panels of columns, and tiles of rows within a panel.
class Driver {
 public:
  Driver(const GemmProblem& problem, const Microkernel& kernel, EpilogueFn epilogue)
      : problem_(problem),
        kernel_(kernel),
        epilogue_(epilogue),
        stage_(problem.lhs_type, kernel.lhs, problem.m, problem.rhs->k),
        init_(problem, kernel.lhs),
        scales_(problem.epilogue) {}

  void run() {
    const uint8_t* lhs = static_cast<const uint8_t*>(problem_.lhs);
    for (size_t first = 0; first < problem_.m; first += stage_.block_rows()) {
      const size_t count = std::min(stage_.block_rows(), problem_.m - first);
      const LhsBlock block =
          stage_.block(lhs + first * problem_.lhs_stride, problem_.lhs_stride, count);
      init_.begin_rows(first, count);
      run_rows(block, first, count);
    }
  }

 private:
  void run_rows(const LhsBlock& block, size_t first_row, size_t row_count) {
    const PackedRhs& rhs = *problem_.rhs;
    const size_t padded_n = rhs.layout.padded_n(rhs.n);
    for (size_t first = 0; first < rhs.n; first += rhs.layout.nr) {
      const Columns columns{first, std::min<size_t>(rhs.layout.nr, rhs.n - first),
                            std::min<size_t>(rhs.layout.nr, padded_n - first)};
      init_.begin_panel(columns.first, columns.count, columns.padded);
      // Tiles of nearly equal height: a last tile of one row would run at a fraction of the speed.
      const size_t tiles = div_up(row_count, kernel_.mr);
      const size_t height = row_count / tiles, taller = row_count % tiles;
      for (size_t tile = 0, row = 0; tile < tiles; ++tile) {
        const size_t rows = height + (tile < taller ? 1 : 0);
        run_tile(block, first_row, row, rows, columns);
        row += rows;
      }
    }
  }

  void run_tile(const LhsBlock& block, size_t first_row, size_t row, size_t rows,
                const Columns& columns) {
    Tile tile;
    tile.rows = rows;
    tile.columns = columns.count;
    tile.depth = problem_.rhs->k;
    tile.lhs = block.rows + row * block.stride;
    tile.lhs_stride = block.stride;
    tile.panel = problem_.rhs->panel(columns.first);
    tile.init = init_.rows(row, rows);
    tile.init_stride = init_.stride();
    tile.acc = acc_;
    tile.acc_stride = kMaxPanelColumns;
    const size_t out = (first_row + row) * problem_.out_stride + columns.first;
    // Whole vectors of int32 need no second pass: the kernel writes them where they belong.
    if (problem_.epilogue.output == OCTAVO_S32 && columns.count == columns.padded) {
      tile.acc = static_cast<int32_t*>(problem_.out) + out;
      tile.acc_stride = problem_.out_stride;
      return kernel_.run(tile);
    }
    kernel_.run(tile);
    finish(first_row + row, rows, columns, out);
  }

  void finish(size_t row, size_t rows, const Columns& columns, size_t out) {
    const octavo_epilogue& epilogue = problem_.epilogue;
    EpilogueTile tile;
    tile.rows = rows;
    tile.columns = columns.count;
    tile.acc = acc_;
    tile.acc_stride = kMaxPanelColumns;
    tile.scales = scales_.from(columns.first);
    tile.row_scales = epilogue.row_scales == nullptr ? nullptr : epilogue.row_scales + row;
    tile.float_bias =
        epilogue.float_bias == nullptr ? nullptr : epilogue.float_bias + columns.first;
    tile.zero_point = epilogue.zero_point;
    tile.clamp_min = epilogue.clamp_min;
    tile.clamp_max = epilogue.clamp_max;
    tile.out = static_cast<uint8_t*>(problem_.out) + out * output_bytes(epilogue.output);
    tile.out_stride = problem_.out_stride;
    epilogue_(tile);
  }

  const GemmProblem& problem_;
  const Microkernel& kernel_;
  EpilogueFn epilogue_;
  LhsStage stage_;
  AccumulatorInit init_;
  ScalePanel<kMaxPanelColumns> scales_;
  alignas(kCacheLine) int32_t acc_[kMaxTileRows * kMaxPanelColumns];
};

}  // namespace

void gemm(const GemmProblem& problem, IsaSet available) {
  if (problem.m == 0 || problem.rhs->n == 0) return;
  const Microkernel& kernel = *select_microkernel_for(problem.rhs->layout, available);
  const EpilogueKind kind = epilogue_kind(problem.epilogue.output);
  Driver(problem, kernel, select_epilogue(kind, available).run).run();
}

}  // namespace octavo
