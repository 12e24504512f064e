#include "normalize/normalize.h"

#include "normalize/row_kernels.h"
#include "threading/parallel_ranges.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<RowKernels> kTiers[] = {
#define OCTAVO_ROW_TIER(isa, tier) {isa, &rows_##tier},
    OCTAVO_TIERS(OCTAVO_ROW_TIER)
#undef OCTAVO_ROW_TIER
};

// A row costs several passes and exponentials: about four times its elements.
size_t rows_per_task(size_t columns) { return div_up(kElementsPerTask / 4, columns); }

template <typename Run>
void for_each_row(size_t rows, size_t columns, Run&& run) {
  if (columns == 0) return;
  parallel_ranges(rows, rows_per_task(columns), [&](size_t first, size_t count) {
    for (size_t row = first; row < first + count; ++row) run(row, row * columns);
  });
}

void normalize_rows(NormalizeFn run, const RowNormalization& args) {
  for_each_row(args.rows, args.columns, [&](size_t, size_t first) {
    run({args.in + first, args.columns, args.scale, args.bias, 1, args.epsilon, args.out + first});
  });
}

}  // namespace

void softmax(const float* in, size_t rows, size_t columns, float* out, IsaSet available) {
  const RowKernels& kernels = select_tier(kTiers, available);
  if (columns != 0 && columns <= kFewColumns) {
    return parallel_ranges(rows, rows_per_task(columns), [&](size_t first, size_t count) {
      kernels.softmax_rows(in + first * columns, count, columns, out + first * columns);
    });
  }
  const SoftmaxFn run = kernels.softmax;
  for_each_row(rows, columns, [&](size_t, size_t first) { run(in + first, columns, out + first); });
}

void log_softmax(const float* in, size_t rows, size_t columns, float* out, IsaSet available) {
  const SoftmaxFn run = select_tier(kTiers, available).log_softmax;
  for_each_row(rows, columns, [&](size_t, size_t first) { run(in + first, columns, out + first); });
}

void layer_norm(const RowNormalization& args, IsaSet available) {
  normalize_rows(select_tier(kTiers, available).normalize, args);
}

void rms_norm(const RowNormalization& args, IsaSet available) {
  normalize_rows(select_tier(kTiers, available).normalize_rms, args);
}

void instance_norm(const float* in, size_t batch, size_t channels, size_t columns,
                   const float* scale, const float* bias, float epsilon, float* out,
                   IsaSet available) {
  const NormalizeFn run = select_tier(kTiers, available).normalize;
  for_each_row(batch * channels, columns, [&](size_t row, size_t first) {
    const size_t channel = row % channels;
    run({in + first, columns, scale + channel, bias + channel, 0, epsilon, out + first});
  });
}

}  // namespace octavo
