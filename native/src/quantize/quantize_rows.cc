#include <algorithm>
#include <cmath>

#include "base/math.h"
#include "quantize/line_ranges.h"
#include "quantize/quantize.h"
#include "quantize/select_quantize.h"
#include "quantize/split_reciprocal.h"
#include "quantize/streamed_output.h"

namespace octavo {
namespace {

struct Range {
  float low = 0, high = 0;
};

// (max - min) / 255, and the zero point computed from the rounded scale, all in float32.
QuantizationParameters parameters_of(const Range& range) {
  const float scale = (range.high - range.low) / 255.0f;
  if (scale == 0.0f) return {1.0f, 0};
  // In this order NaN, of infinities, becomes 0.
  const float zero_point = std::min(std::max(0.0f, -range.low / scale), 255.0f);
  return {scale, static_cast<int32_t>(std::lrint(zero_point))};
}

RowParameters row_parameters_of(const Range& range) {
  const QuantizationParameters by = parameters_of(range);
  const SplitReciprocal reciprocal(by.scale);
  return {by.scale, by.zero_point, reciprocal.nearest, reciprocal.rest};
}

class RowQuantizer {
 public:
  RowQuantizer(const float* in, size_t rows, size_t columns, uint8_t* out,
               const QuantizeKernels& kernels)
      : in_(in),
        columns_(columns),
        together_(rows_together(columns)),
        out_(out),
        streamed_(is_streamed(rows * columns)),
        kernels_(kernels) {}

  // Parameters take divisions, one after the other: those of several rows are under way together,
  // while the ranges of as many further ones are found.
  void run(size_t first, size_t end, float* scales, int32_t* zero_points) const {
    Range ranges[kMostTogether];
    for (size_t row = first; row < std::min(end, first + together_); ++row) {
      ranges[row - first] = range(row);
    }
    for (size_t row = first; row < end; row += together_) {
      const size_t count = std::min(together_, end - row);
      RowParameters by[kMostTogether];
      for (size_t i = 0; i < count; ++i) {
        by[i] = row_parameters_of(ranges[i]);
        scales[row + i] = by[i].scale;
        zero_points[row + i] = by[i].zero_point;
      }
      for (size_t i = 0; i < count; ++i) {
        if (row + i + together_ < end) {
          ranges[i] = quantize_before(row + i, by[i], row + i + together_);
        } else {
          quantize_last(row + i, by[i]);
        }
      }
    }
    if (streamed_) finish_streaming();
  }

 private:
  static constexpr size_t kMostTogether = 4;
  // Of rows that are read ahead: with those behind them they stay in the first-level cache.
  static constexpr size_t kAheadBytes = 12 * 1024;

  static size_t rows_together(size_t columns) {
    return std::clamp<size_t>(kAheadBytes / sizeof(float) / std::max<size_t>(1, columns), 2,
                              kMostTogether);
  }

  Range range(size_t row) const {
    Range range;
    kernels_.range(in_ + row * columns_, columns_, &range.low, &range.high);
    return range;
  }

  // Returns the range of the row that is read ahead.
  Range quantize_before(size_t row, const RowParameters& by, size_t ahead) const {
    Range range;
    const float *from = in_ + row * columns_, *next = in_ + ahead * columns_;
    write_elements(out_ + row * columns_, columns_, streamed_,
                   [&](size_t begin, size_t size, uint8_t* to) {
                     kernels_.quantize_row(from + begin, by, size, to, next + begin, &range.low,
                                           &range.high);
                   });
    return range;
  }

  void quantize_last(size_t row, const RowParameters& by) const {
    const QuantizationRun run{&by.scale, &by.zero_point, 0};
    const float* const from = in_ + row * columns_;
    write_elements(out_ + row * columns_, columns_, streamed_,
                   [&](size_t begin, size_t size, uint8_t* to) {
                     kernels_.to_u8(from + begin, run, size, to);
                   });
  }

  const float* in_;
  size_t columns_, together_;
  uint8_t* out_;
  bool streamed_;
  const QuantizeKernels& kernels_;
};

// At the ends of a task, rows are quantized and ranges found apart: a thread alone has one task in
// the caches.
size_t rows_per_task(size_t rows, size_t columns) {
  const size_t elements = rows * columns;
  if (usable_threads() <= 1 && !exceeds_caches(elements * sizeof(float))) {
    return std::max<size_t>(1, rows);
  }
  return div_up(elements_per_task(elements), std::max<size_t>(1, columns));
}

}  // namespace

QuantizationParameters dynamic_parameters(const float* in, size_t count, IsaSet available) {
  Range range;
  select_quantize(available, count * sizeof(float)).range(in, count, &range.low, &range.high);
  return parameters_of(range);
}

void quantize_rows(const float* in, size_t rows, size_t columns, uint8_t* out, float* scales,
                   int32_t* zero_points, IsaSet available) {
  const size_t elements = rows * columns;
  const QuantizeKernels& kernels = select_quantize(available, elements * sizeof(float));
  const RowQuantizer quantizer(in, rows, columns, out, kernels);
  parallel_ranges(rows, rows_per_task(rows, columns), [&](size_t first, size_t count) {
    quantizer.run(first, first + count, scales, zero_points);
  });
}

}  // namespace octavo
