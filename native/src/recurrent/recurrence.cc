#include "recurrent/recurrence.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "base/math.h"
#include "quantize/quantize.h"
#include "threading/parallel_for.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<CellKernels> kTiers[] = {
#define OCTAVO_CELL_TIER(isa, tier) {isa, &cells_##tier},
    OCTAVO_TIERS(OCTAVO_CELL_TIER)
#undef OCTAVO_CELL_TIER
};

constexpr RecurrentStage kRnn[] = {{0, 1, false, &CellKernels::rnn}};
constexpr RecurrentStage kLstm[] = {{0, 4, false, &CellKernels::lstm}};
constexpr RecurrentStage kGru[] = {{0, 2, false, &CellKernels::gru_gates},
                                   {2, 1, true, &CellKernels::gru_candidate}};
constexpr RecurrentStage kGruResetLast[] = {{0, 3, false, &CellKernels::gru_reset_last}};

constexpr RecurrentCell kCells[] = {
    {1, 1, false, kRnn}, {4, 3, true, kLstm}, {3, 2, false, kGru}, {3, 2, false, kGruResetLast}};

// Multiply-adds of all steps of a layer that outweigh the start of a thread for each part of the batch.
constexpr size_t kParallelSteps = size_t{1} << 18;
// Rows that make a product of their own worth while. Products of so many are made of tiles of three
// rows and more, which all sum in one order: bits do not depend on the number of parts.
constexpr size_t kLeastRows = 6;

// Some sequences of a batch in one direction, which no others wait for.
class Sequences {
 public:
  Sequences(const Recurrence& args, IsaSet available, size_t direction, size_t first, size_t count)
      : args_(args),
        available_(available),
        kernels_(select_tier(kTiers, available)),
        direction_(direction),
        first_(first),
        count_(count),
        backwards_(direction == 1 || args.backwards),
        width_(args.cell->gates * args.hidden) {}

  octavo_status run() const {
    size_t longest = 0;
    for (size_t b = first_; b < first_ + count_; ++b) {
      begin(b);
      longest = std::max(longest, length(b));
    }
    for (size_t step = 0; step < longest; ++step) {
      for (size_t index = 0; index < args_.cell->stages.size(); ++index) {
        const octavo_status status =
            args_.dynamic == nullptr ? multiply(index) : multiply_quantized(step);
        if (status != OCTAVO_OK) return status;
        const CellFn cell = kernels_.*args_.cell->stages[index].run;
        for (size_t b = first_; b < first_ + count_; ++b) {
          if (step < length(b)) cell(row_at(b, step));
        }
      }
      write(step);
    }
    return OCTAVO_OK;
  }

 private:
  size_t length(size_t b) const {
    if (args_.lengths == nullptr) return args_.steps;
    return std::min(args_.steps, static_cast<size_t>(std::max(0, args_.lengths[b])));
  }

  size_t state(size_t b) const {
    const size_t slot =
        args_.batch_first ? b * args_.directions + direction_ : direction_ * args_.batch + b;
    return slot * args_.hidden;
  }

  size_t state_stride() const {
    return args_.batch_first ? args_.directions * args_.hidden : args_.hidden;
  }

  size_t scratch_row(size_t b) const { return direction_ * args_.batch + b; }

  void begin(size_t b) const {
    const size_t at = state(b), bytes = args_.hidden * sizeof(float);
    const auto set = [&](float* to, const float* from) {
      if (from == nullptr) {
        std::memset(to + at, 0, bytes);
      } else {
        std::memcpy(to + at, from + at, bytes);
      }
    };
    set(args_.h, args_.first_h);
    if (args_.cell->has_cell_state) set(args_.c, args_.first_c);
    if (args_.y == nullptr) return;
    for (size_t t = length(b); t < args_.steps; ++t) std::memset(y_at(b, t), 0, bytes);
  }

  // All rows, also those whose sequence has ended: they are few, and their sums are not read.
  octavo_status multiply(size_t index) const {
    const RecurrentStage& stage = args_.cell->stages[index];
    const size_t column = stage.first_gate * args_.hidden;
    octavo_float_matmul_args product{};
    product.lhs =
        stage.of_kept ? args_.kept + scratch_row(first_) * args_.hidden : args_.h + state(first_);
    product.m = count_;
    product.lhs_stride = stage.of_kept ? args_.hidden : state_stride();
    product.lhs_k_stride = 1;
    product.rhs = args_.direction[direction_].weights[index];
    if (args_.bias != nullptr) product.epilogue.bias = args_.bias + direction_ * width_ + column;
    product.out = args_.sums + scratch_row(first_) * width_ + column;
    product.out_stride = width_;
    return octavo_float_matmul(&product);
  }

  QuantizationParameters quantize_states(size_t step) const {
    const size_t at = scratch_row(first_) * args_.hidden, size = count_ * args_.hidden;
    float* states = args_.dynamic->states + at;
    for (size_t b = first_; b < first_ + count_; ++b) {
      float* to = states + (b - first_) * args_.hidden;
      if (step <= length(b)) {
        std::copy_n(args_.h + state(b), args_.hidden, to);
      } else {
        std::fill_n(to, args_.hidden, 0.0f);  // which widens no range
      }
    }
    const QuantizationParameters by = dynamic_parameters(states, size, available_);
    quantize(states, {1, 1, size, &by.scale, &by.zero_point}, OCTAVO_U8, args_.dynamic->bytes + at,
             available_);
    return by;
  }

  octavo_status multiply_quantized(size_t step) const {
    const DynamicStates& dynamic = *args_.dynamic;
    const QuantizationParameters by = quantize_states(step);
    const size_t first = scratch_row(first_);
    std::fill_n(dynamic.row_scales + first, count_, by.scale);
    octavo_matmul_args product{};
    product.lhs = dynamic.bytes + first * args_.hidden;
    product.lhs_type = OCTAVO_U8;
    product.m = count_;
    product.lhs_stride = args_.hidden;
    product.lhs_zero_points = &by.zero_point;
    product.lhs_zero_point_count = 1;
    product.rhs = dynamic.weights[direction_];
    product.epilogue.output = OCTAVO_F32;
    product.epilogue.scales = dynamic.scales + direction_ * width_;
    product.epilogue.scale_count = width_;
    product.epilogue.row_scales = dynamic.row_scales + first;
    if (args_.bias != nullptr) product.epilogue.float_bias = args_.bias + direction_ * width_;
    product.out = args_.sums + first * width_;
    product.out_stride = width_;
    return octavo_matmul(&product);
  }

  size_t time(size_t b, size_t step) const { return backwards_ ? length(b) - 1 - step : step; }

  CellRow row_at(size_t b, size_t step) const {
    const RecurrentDirection& direction = args_.direction[direction_];
    const size_t at = time(b, step);
    const size_t row = args_.batch_first ? b * args_.steps + at : at * args_.batch + b;
    CellRow cell{};
    cell.hidden = args_.hidden;
    cell.x = args_.gates + (row * args_.directions + direction_) * width_;
    cell.sums = args_.sums + scratch_row(b) * width_;
    if (args_.peepholes != nullptr)
      cell.peepholes = args_.peepholes + direction_ * 3 * args_.hidden;
    cell.h = args_.h + state(b);
    if (args_.cell->has_cell_state) cell.c = args_.c + state(b);
    if (args_.kept != nullptr) cell.kept = args_.kept + scratch_row(b) * args_.hidden;
    std::copy_n(direction.functions, kMostCellFunctions, cell.functions);
    cell.clip = args_.clip;
    cell.coupled = args_.coupled;
    return cell;
  }

  float* y_at(size_t b, size_t time) const {
    const size_t row = args_.batch_first ? (b * args_.steps + time) * args_.directions + direction_
                                         : (time * args_.directions + direction_) * args_.batch + b;
    return args_.y + row * args_.hidden;
  }

  void write(size_t step) const {
    if (args_.y == nullptr) return;
    for (size_t b = first_; b < first_ + count_; ++b) {
      if (step >= length(b)) continue;
      std::memcpy(y_at(b, time(b, step)), args_.h + state(b), args_.hidden * sizeof(float));
    }
  }

  const Recurrence& args_;
  const IsaSet available_;
  const CellKernels& kernels_;
  size_t direction_, first_, count_;
  bool backwards_;
  size_t width_;
};

bool is_small(const Recurrence& args) {
  const CheckedSize weights = CheckedSize(args.cell->gates).times(args.hidden).times(args.hidden);
  return weights.times(args.steps).times(args.batch).value() < kParallelSteps;
}

// Parts of the batch for each direction: as many as threads can share without waiting for each
// other. A single part leaves threads to its products.
size_t batch_parts(const Recurrence& args) {
  if (args.dynamic != nullptr) return 1;
  const size_t wanted = div_up(usable_threads(), args.directions);
  return std::max<size_t>(1, std::min(wanted, args.batch / kLeastRows));
}

}  // namespace

std::span<const RecurrentCell> recurrent_cells() { return kCells; }

void run_recurrence(const Recurrence& args, IsaSet available) {
  if (args.batch == 0 || args.hidden == 0) return;
  const bool small = is_small(args);
  const size_t parts = small ? 1 : batch_parts(args);
  std::atomic<bool> failed{false};
  const auto run = [&](size_t task) {
    const size_t part = task % parts;
    const size_t first = part * args.batch / parts, last = (part + 1) * args.batch / parts;
    const Sequences sequences(args, available, task / parts, first, last - first);
    if (sequences.run() != OCTAVO_OK) failed.store(true, std::memory_order_relaxed);
  };
  parallel_for(args.directions * parts, small ? 1 : 0, run);
  if (failed.load()) throw std::bad_alloc();
}

}  // namespace octavo
