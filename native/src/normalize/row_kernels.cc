#include "normalize/row_kernels.h"

#include "vector/transcendental.h"

namespace octavo {
namespace {

struct Add {
  OCTAVO_INLINE F32 operator()(F32 a, F32 b) const { return a + b; }
};
struct Larger {
  OCTAVO_INLINE F32 operator()(F32 a, F32 b) const { return choose(a == a, max(a, b), a); }
};
struct Smaller {
  OCTAVO_INLINE F32 operator()(F32 a, F32 b) const { return choose(a == a, min(a, b), a); }
};

// Four vectors of partial results, which hide the latency and keep float sums short; the last lanes
// are those of `neutral`.
template <typename Combine, typename Map>
OCTAVO_INLINE F32 fold(const float* in, size_t count, float neutral, Map map) {
  const Combine combine{};
  F32 parts[4] = {splat(neutral), splat(neutral), splat(neutral), splat(neutral)};
  size_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    for (size_t k = 0; k < 4; ++k) {
      parts[k] = combine(parts[k], map(load<F32>(in + i + k * kLanes)));
    }
  }
  for (; i + kLanes <= count; i += kLanes) parts[0] = combine(parts[0], map(load<F32>(in + i)));
  F32 rest = splat(neutral);
  for (size_t k = 0; i + k < count; ++k) rest[k] = map(splat(in[i + k]))[0];
  parts[1] = combine(parts[1], rest);
  return combine(combine(parts[0], parts[1]), combine(parts[2], parts[3]));
}

template <typename Map>
OCTAVO_INLINE float sum_of(const float* in, size_t count, Map map) {
  const F32 parts = fold<Add>(in, count, 0.0f, map);
  double sum = 0;
  for (size_t i = 0; i < kLanes; ++i) sum += static_cast<double>(parts[i]);
  return static_cast<float>(sum);
}

template <typename Combine>
OCTAVO_INLINE float extreme_of(const float* in, size_t count, float neutral) {
  const F32 parts = fold<Combine>(in, count, neutral, [](F32 x) OCTAVO_LAMBDA_INLINE { return x; });
  F32 result = splat(neutral);
  for (size_t i = 0; i < kLanes; ++i) result = Combine{}(result, splat(parts[i]));
  return result[0];
}

float sum(const float* in, size_t count) {
  return sum_of(in, count, [](F32 x) OCTAVO_LAMBDA_INLINE { return x; });
}
float sum_abs(const float* in, size_t count) {
  return sum_of(in, count, [](F32 x) OCTAVO_LAMBDA_INLINE { return abs(x); });
}
float sum_square(const float* in, size_t count) {
  return sum_of(in, count, [](F32 x) OCTAVO_LAMBDA_INLINE { return x * x; });
}
float largest(const float* in, size_t count) {
  return extreme_of<Larger>(in, count, -__builtin_inff());
}
float smallest(const float* in, size_t count) {
  return extreme_of<Smaller>(in, count, __builtin_inff());
}

template <typename Map>
OCTAVO_INLINE void map_row(const float* in, size_t count, float* out, Map map) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(out + i, map(load<F32>(in + i)));
  if (i < count) store_some(out + i, map(load_some<F32>(in + i, count - i)), count - i);
}

void softmax(const float* in, size_t count, float* out) {
  const F32 top = splat(largest(in, count));
  map_row(in, count, out, [&](F32 x) OCTAVO_LAMBDA_INLINE { return exp(x - top); });
  const F32 total = splat(sum(out, count));
  map_row(out, count, out, [&](F32 x) OCTAVO_LAMBDA_INLINE { return x / total; });
}

// A row a lane.
void softmax_lanes(const float* in, size_t rows, size_t columns, float* out) {
  float lanes[kFewColumns][kLanes] = {};
  for (size_t row = 0; row < rows; ++row) {
    for (size_t c = 0; c < columns; ++c) lanes[c][row] = in[row * columns + c];
  }
  F32 top = splat(-__builtin_inff());
  for (size_t c = 0; c < columns; ++c) top = Larger{}(top, load<F32>(lanes[c]));
  F32 total = splat(0.0f);
  for (size_t c = 0; c < columns; ++c) {
    const F32 y = exp(load<F32>(lanes[c]) - top);
    total = total + y;
    store(lanes[c], y);
  }
  for (size_t c = 0; c < columns; ++c) store(lanes[c], load<F32>(lanes[c]) / total);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t c = 0; c < columns; ++c) out[row * columns + c] = lanes[c][row];
  }
}

void softmax_rows(const float* in, size_t rows, size_t columns, float* out) {
  for (size_t left = rows; left != 0;) {
    const size_t some = left < kLanes ? left : kLanes;
    softmax_lanes(in, some, columns, out);
    in += some * columns;
    out += some * columns;
    left -= some;
  }
}

void log_softmax(const float* in, size_t count, float* out) {
  const F32 top = splat(largest(in, count));
  const float total = sum_of(in, count, [&](F32 x) OCTAVO_LAMBDA_INLINE { return exp(x - top); });
  const F32 log_total = splat(log(splat(total))[0]);
  map_row(in, count, out, [&](F32 x) OCTAVO_LAMBDA_INLINE { return x - top - log_total; });
}

OCTAVO_INLINE F32 parameter(const float* from, size_t step, size_t i, size_t count, float missing) {
  if (from == nullptr) return splat(missing);
  if (step == 0) return splat(*from);
  return count >= kLanes ? load<F32>(from + i) : load_some<F32>(from + i, count);
}

// The mean of a row is the sum of two floats: one is too coarse beside numbers that hardly differ.
struct Moments {
  float mean;
  float rest;
  float variance;
};

OCTAVO_INLINE bool is_finite(float x) { return x - x == 0; }

// The variance in a pass of its own, of differences that do not cancel.
OCTAVO_INLINE Moments moments_of(const NormalizationRow& row) {
  const float count = static_cast<float>(row.count);
  const float mean = sum(row.in, row.count) / count;
  const F32 center = splat(mean);
  const float left =
      sum_of(row.in, row.count, [&](F32 x) OCTAVO_LAMBDA_INLINE { return x - center; });
  const F32 rest = splat(left / count);
  const float squares = sum_of(row.in, row.count, [&](F32 x) OCTAVO_LAMBDA_INLINE {
    const F32 difference = x - center - rest;
    return difference * difference;
  });
  return {mean, rest[0], squares / count};
}

OCTAVO_INLINE Moments squares_of(const NormalizationRow& row) {
  return {0.0f, 0.0f, sum_square(row.in, row.count) / static_cast<float>(row.count)};
}

OCTAVO_INLINE void apply(const NormalizationRow& row, const Moments& moments) {
  const F32 center = splat(moments.mean), more = splat(moments.rest);
  const F32 factor = splat(1.0f) / sqrt(splat(moments.variance + row.epsilon));
  for (size_t i = 0; i < row.count; i += kLanes) {
    const size_t rest = row.count - i;
    const F32 scale = parameter(row.scale, row.step, i, rest, 1.0f) * factor;
    const F32 bias = parameter(row.bias, row.step, i, rest, 0.0f);
    const bool whole = rest >= kLanes;
    const F32 x = whole ? load<F32>(row.in + i) : load_some<F32>(row.in + i, rest);
    const F32 y = multiply_add(x - center - more, scale, bias);
    if (whole) {
      store(row.out + i, y);
    } else {
      store_some(row.out + i, y, rest);
    }
  }
}

// The row, left in `out`, whose squares are finite where the row's are not. A power of two takes no
// bit off its numbers.
OCTAVO_INLINE NormalizationRow shrunk(const NormalizationRow& row) {
  constexpr float kShrink = 0x1p-80f;
  map_row(row.in, row.count, row.out,
          [](F32 x) OCTAVO_LAMBDA_INLINE { return x * splat(kShrink); });
  constexpr float kLeast = 0x1p-126f;
  NormalizationRow result = row;
  result.in = row.out;
  result.epsilon = row.epsilon * kShrink * kShrink;
  // Rows of equal numbers have nothing else to be divided by; beside any difference it is nothing.
  if (row.epsilon > 0 && result.epsilon < kLeast) result.epsilon = kLeast;
  return result;
}

template <Moments Find(const NormalizationRow&)>
OCTAVO_INLINE void normalize_by(const NormalizationRow& row) {
  const Moments moments = Find(row);
  if (is_finite(moments.variance)) return apply(row, moments);
  const NormalizationRow small = shrunk(row);
  apply(small, Find(small));
}

void normalize(const NormalizationRow& row) { normalize_by<moments_of>(row); }

void normalize_rms(const NormalizationRow& row) { normalize_by<squares_of>(row); }

}  // namespace

const RowKernels OCTAVO_TIERED(rows) = {softmax,       softmax_rows, log_softmax, normalize,
                                        normalize_rms, sum,          sum_abs,     sum_square,
                                        largest,       smallest};

}  // namespace octavo
