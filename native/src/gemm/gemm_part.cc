#include "gemm/gemm_part.h"

#include <algorithm>

#include "base/math.h"
#include "epilogue/select_epilogue.h"
#include "gemm/accumulator_init.h"

namespace octavo {
namespace {

struct Columns {
  size_t first;
  size_t count;
  size_t padded;
};

size_t lines(size_t bytes) { return div_up(bytes, kCacheLine) * kCacheLine; }

const PairedKernel* paired_for(const Microkernel& kernel, size_t rows, size_t columns) {
  const PairedKernel* paired = kernel.paired;
  if (paired == nullptr) return nullptr;
  return rows >= paired->min_rows && columns >= paired->min_columns ? paired : nullptr;
}

QuantizingMicrokernelFn quantizing_for(const Microkernel& kernel, const octavo_epilogue& epilogue) {
  return epilogue_kind(epilogue) == EpilogueKind::q8 ? kernel.quantizing : nullptr;
}

size_t steps_of(const PackedRhs& rhs) { return div_up(rhs.k, 4); }

}  // namespace

GemmPlan::GemmPlan(const GemmProblem& problem, IsaSet available)
    : problem_(problem),
      kernel_(*select_microkernel_for(problem.rhs->layout, available)),
      paired_(problem.image == nullptr ? paired_for(kernel_, problem.m, problem.rhs->n)
                                       : kernel_.paired),
      epilogue_(select_epilogue(epilogue_kind(problem.epilogue), available).run),
      quantizing_(paired_ == nullptr ? quantizing_for(kernel_, problem.epilogue) : nullptr),
      stage_(problem, kernel_, paired_) {}

// The only caller of microkernels: groups of panels, some rows at once within a group, and tiles of
// them within a panel.
class GemmPartRun {
 public:
  GemmPartRun(const GemmPlan& plan, const GemmPart& part, uint8_t* memory)
      : plan_(plan),
        problem_(plan.problem_),
        part_(part),
        init_(plan.problem_,
              plan.paired_ == nullptr ? sign_shift(problem_.lhs_type, plan.kernel_.lhs) : 0),
        group_columns_(group_columns()) {
    row_terms_ = reinterpret_cast<int32_t*>(memory);
    uint32_t* sums = reinterpret_cast<uint32_t*>(memory + lines(part.rows * sizeof(int32_t)));
    memory += 2 * lines(part.rows * sizeof(int32_t));
    panel_copy_ = reinterpret_cast<int16_t*>(memory);
    if (plan.paired_ != nullptr) {
      memory += steps_of(*problem_.rhs) * 4 * problem_.rhs->layout.nr * sizeof(int16_t);
    }
    if (!problem_.rhs->has_zero_points()) sums = nullptr;
    if (problem_.image != nullptr) {
      problem_.image->sum_terms(part.first_row, part.rows, row_terms_);
    } else {
      block_ = plan.stage_.load(part.first_row, part.rows, memory, row_terms_, sums);
    }
    init_.begin_rows(part.first_row, sums);
  }

  ~GemmPartRun() {
    if (plan_.kernel_.release != nullptr) plan_.kernel_.release();
  }

  void run() {
    const size_t end = part_.first_column + part_.columns;
    const size_t padded_end = problem_.rhs->layout.padded_n(end);
    for (size_t first = part_.first_column; first < end; first += group_columns_) {
      const Columns columns{first, std::min(group_columns_, end - first),
                            std::min(group_columns_, padded_end - first)};
      begin_panels(columns);
      for (size_t row = 0, rows = 0; row < part_.rows; row += rows) {
        rows = rows_at_once(part_.rows - row);
        if (problem_.image != nullptr) {
          rows = std::min(rows, problem_.image->rows_beside(part_.first_row + row));
        }
        run_rows(row, rows, columns);
      }
    }
  }

 private:
  // Narrow panels pass by together: rows are read once for all of them, and outputs written in
  // whole cache lines. Copied panels come one at a time.
  size_t group_columns() const {
    const size_t nr = problem_.rhs->layout.nr;
    return plan_.paired_ == nullptr ? kMaxPanelColumns / nr * nr : nr;
  }

  void begin_panels(const Columns& columns) {
    alignas(kCacheLine) int32_t terms[kMaxPanelColumns];
    scales_.begin_columns(problem_.epilogue, columns.first, columns.count);
    if (plan_.paired_ == nullptr) {
      return init_.begin_columns(columns.first, columns.count, columns.padded, nullptr);
    }
    plan_.paired_->copy_panel(problem_.rhs->panel(columns.first), columns.padded,
                              steps_of(*problem_.rhs), panel_copy_, terms);
    init_.begin_columns(columns.first, columns.count, columns.padded, terms);
  }

  // Whole tiles where more rows follow: lower ones have too few sums to hide what each waits for.
  size_t rows_at_once(size_t left) const {
    if (left <= kRowsAtOnce) return left;
    const size_t tile = plan_.paired_ == nullptr ? plan_.kernel_.mr : 1;
    return kRowsAtOnce / tile * tile;
  }

  void run_rows(size_t row, size_t rows, const Columns& columns) {
    const size_t out = (part_.first_row + row) * problem_.out_stride + columns.first;
    // Whole vectors of int32 need no second pass: the kernel writes them where they belong.
    if (problem_.epilogue.output == OCTAVO_S32 && columns.count == columns.padded) {
      return multiply(row, rows, columns, static_cast<int32_t*>(problem_.out) + out,
                      problem_.out_stride);
    }
    if (plan_.quantizing_ != nullptr) return quantize(row, rows, columns, out);
    multiply(row, rows, columns, acc_, kMaxPanelColumns);
    plan_.epilogue_(epilogue_tile(row, rows, columns, out));
  }

  void multiply(size_t row, size_t rows, const Columns& columns, int32_t* acc, size_t stride) {
    if (plan_.paired_ == nullptr) return multiply_bytes(row, rows, columns, acc, stride);
    PairedTile tile{};
    tile.rows = rows;
    tile.columns = columns.padded;
    if (const LhsImage* image = problem_.image) {
      tile.lhs = image->row(part_.first_row + row);
      tile.lhs_stride = image->step();
      tile.window = image->window();
    } else {
      tile.lhs = reinterpret_cast<const int16_t*>(block_.rows + row * block_.stride);
      tile.lhs_stride = block_.stride / sizeof(int16_t);
      tile.window = {1, 0, 1, 0, steps_of(*problem_.rhs)};
    }
    tile.panel = panel_copy_;
    tile.init = init_.rows(row, rows);
    tile.init_stride = init_.stride();
    tile.row_terms = row_terms_ + row;
    tile.acc = acc;
    tile.acc_stride = stride;
    plan_.paired_->run(tile);
  }

  void multiply_bytes(size_t row, size_t rows, const Columns& columns, int32_t* acc,
                      size_t stride) {
    for_each_tile(row, rows, columns, acc, stride,
                  [this](const Tile& tile, size_t, size_t) { plan_.kernel_.run(tile); });
  }

  void quantize(size_t row, size_t rows, const Columns& columns, size_t out) {
    EpilogueTile epilogue = epilogue_tile(row, rows, columns, out);
    uint8_t* const first = static_cast<uint8_t*>(epilogue.out);
    for_each_tile(row, rows, columns, acc_, 0, [&](const Tile& tile, size_t i, size_t j) {
      epilogue.scales = scales_.scales() + j;
      epilogue.out = first + i * epilogue.out_stride + j;
      plan_.quantizing_(tile, epilogue);
    });
  }

  // Calls use(tile, row, column), counted from `row` and the first of `columns`.
  template <typename Use>
  void for_each_tile(size_t row, size_t rows, const Columns& columns, int32_t* acc, size_t stride,
                     const Use& use) {
    const PackedRhs& rhs = *problem_.rhs;
    const int32_t* init = init_.rows(row, rows);
    const size_t init_stride = init_.stride();
    // Tiles of nearly equal height: a last tile of one row would run at a fraction of the speed.
    const size_t tiles = div_up(rows, plan_.kernel_.mr);
    const size_t height = rows / tiles, taller = rows % tiles;
    for (size_t first = 0; first < columns.count; first += rhs.layout.nr) {
      Tile tile{0,
                std::min<size_t>(rhs.layout.nr, columns.count - first),
                rhs.k,
                nullptr,
                block_.stride,
                rhs.panel(columns.first + first),
                nullptr,
                init_stride,
                nullptr,
                stride};
      for (size_t index = 0, i = 0; index < tiles; ++index, i += tile.rows) {
        tile.rows = height + (index < taller ? 1 : 0);
        tile.lhs = block_.rows + (row + i) * block_.stride;
        tile.init = init + i * init_stride + first;
        tile.acc = acc + i * stride + first;
        use(tile, i, first);
      }
    }
  }

  EpilogueTile epilogue_tile(size_t row, size_t rows, const Columns& columns, size_t out) const {
    const octavo_epilogue& epilogue = problem_.epilogue;
    EpilogueTile tile;
    tile.rows = rows;
    tile.columns = columns.count;
    tile.acc = acc_;
    tile.acc_stride = kMaxPanelColumns;
    tile.scales = scales_.scales();
    tile.row_scales =
        epilogue.row_scales == nullptr ? nullptr : epilogue.row_scales + part_.first_row + row;
    tile.float_bias =
        epilogue.float_bias == nullptr ? nullptr : epilogue.float_bias + columns.first;
    tile.zero_point = epilogue.zero_point;
    tile.clamp_min = epilogue.clamp_min;
    tile.clamp_max = epilogue.clamp_max;
    tile.out = static_cast<uint8_t*>(problem_.out) + out * output_bytes(epilogue.output);
    tile.out_stride = problem_.out_stride;
    if (has_tail(epilogue)) {
      const size_t first = (part_.first_row + row) * epilogue.residual.stride + columns.first;
      tile.tail = tail_of(epilogue, first);
    }
    return tile;
  }

  const GemmPlan& plan_;
  const GemmProblem& problem_;
  const GemmPart& part_;
  AccumulatorInit init_;
  ScalePanel<kMaxPanelColumns> scales_;
  size_t group_columns_;
  LhsBlock block_{};
  int32_t* row_terms_;
  int16_t* panel_copy_;
  alignas(kCacheLine) int32_t acc_[kRowsAtOnce * kMaxPanelColumns];
};

size_t GemmPlan::bytes(size_t rows) const {
  CheckedSize bytes = CheckedSize(stage_.bytes(rows)).plus(2 * lines(rows * sizeof(int32_t)));
  if (paired_ == nullptr) return bytes.value();
  const PackedRhs& rhs = *problem_.rhs;
  return bytes.plus(steps_of(rhs) * 4 * rhs.layout.nr * sizeof(int16_t)).value();
}

void GemmPlan::run(const GemmPart& part, uint8_t* memory) const {
  GemmPartRun(*this, part, memory).run();
}

}  // namespace octavo
