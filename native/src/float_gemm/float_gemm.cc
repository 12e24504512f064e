#include "float_gemm/float_gemm.h"

#include <algorithm>

#include "base/math.h"
#include "float_gemm/row_product.h"
#include "float_gemm/task_grid.h"
#include "threading/failure.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

// Floats of a packed right-hand side that a task holds at once.
constexpr size_t kPackedFloats = size_t{1} << 18;

PanelRange panels_of(const PackedFloat& rhs, const Range& columns) {
  return {rhs.kernel, rhs.panels.data(), rhs.depth(), columns.first, columns.last};
}

}  // namespace

void float_gemm(const octavo_float_matmul_args& args, const PackedFloat& rhs) {
  if (args.m == 0 || rhs.n == 0) return;
  const LhsMatrix lhs{args.lhs, args.lhs_stride, args.lhs_k_stride};
  const bool copy = rhs.in_pairs() || needs_copy(lhs, args.m, rhs.n);
  const size_t tallest = std::min(args.m, kBlockRows);
  const size_t copied = copy ? copied_floats(tallest, rhs.k) : 0;
  const size_t widened = widened_floats(*rhs.kernel, tallest);
  const RowProduct product{lhs, rhs.k, rhs.in_pairs(), args.epilogue, args.out, args.out_stride};
  const TaskGrid grid(float_row_blocks(args.m), rhs.n, rhs.kernel->nr, rhs.k, args.threads);
  Failure failure;
  parallel_for(grid.tasks(), grid.threads(), [&](size_t task) {
    float* memory = nullptr;
    if (widened + copied != 0 && (memory = failure.scratch(widened + copied)) == nullptr) return;
    PanelRange panels = panels_of(rhs, grid.columns(task));
    if (widened != 0) panels.widened = memory;
    multiply_rows(product, grid.rows(task), panels, copy ? memory + widened : nullptr);
  });
  failure.rethrow();
}

namespace {

// One matrix of a batch, and columns of it small enough to pack at once.
class BatchTask {
 public:
  BatchTask(const octavo_float_batch_matmul_args& args, const FloatMicrokernel& kernel)
      : args_(args), kernel_(kernel) {
    const size_t panel = std::max<size_t>(1, args.k) * kernel.nr;
    columns_ = std::max<size_t>(1, kPackedFloats / panel) * kernel.nr;
    columns_ = std::min(columns_, div_up(args.n, kernel.nr) * kernel.nr);
    groups_ = div_up(args.n, columns_);
    const LhsMatrix lhs{args.a.data, args.a.row_stride, args.a.column_stride};
    copy_ = needs_copy(lhs, args.m, args.n);
    packed_floats_ = columns_ * args.k;
    copied_floats_ = copy_ ? copied_floats(std::min(args.m, kBlockRows), args.k) : 0;
  }

  size_t tasks() const { return args_.batch * groups_; }

  void run(size_t task, Failure& failure) const {
    float* packed = failure.scratch(packed_floats_ + copied_floats_);
    if (packed == nullptr) return;
    const size_t matrix = task / groups_, first = task % groups_ * columns_;
    const size_t columns = std::min(columns_, args_.n - first);
    const float* b = args_.b.data + at(args_.b.offsets, matrix) + first * args_.b.column_stride;
    pack_float_panels({b, OCTAVO_F32, args_.k, columns, args_.b.row_stride, args_.b.column_stride,
                       OCTAVO_COMPUTE_F32},
                      kernel_, packed);
    const size_t out = at(args_.out_offsets, matrix);
    octavo_float_epilogue epilogue = args_.epilogue;
    if (epilogue.bias != nullptr) epilogue.bias += first;
    if (epilogue.residual != nullptr) epilogue.residual += out + first;
    const LhsMatrix lhs{args_.a.data + at(args_.a.offsets, matrix), args_.a.row_stride,
                        args_.a.column_stride};
    const RowProduct product{
        lhs, args_.k, false, epilogue, args_.out + out + first, args_.out_stride};
    const RowBlocks blocks = float_row_blocks(args_.m);
    for (size_t block = 0; block < blocks.count(); ++block) {
      multiply_rows(product, blocks.at(block), {&kernel_, packed, args_.k, 0, columns},
                    copy_ ? packed + packed_floats_ : nullptr);
    }
  }

 private:
  static size_t at(const size_t* offsets, size_t index) {
    return offsets == nullptr ? 0 : offsets[index];
  }

  const octavo_float_batch_matmul_args& args_;
  const FloatMicrokernel& kernel_;
  size_t columns_;
  size_t groups_;
  bool copy_;
  size_t packed_floats_;
  size_t copied_floats_;
};

}  // namespace

void float_batch_gemm(const octavo_float_batch_matmul_args& args, IsaSet available) {
  if (args.batch == 0 || args.m == 0 || args.n == 0) return;
  const BatchTask task(args, select_float_microkernel(OCTAVO_F32, available));
  Failure failure;
  parallel_for(task.tasks(), args.threads, [&](size_t index) { task.run(index, failure); });
  failure.rethrow();
}

}  // namespace octavo
