#include "pool/pool.h"

#include <algorithm>
#include <limits>

#include "epilogue/select_epilogue.h"
#include "pool/pool_kernels.h"
#include "threading/failure.h"
#include "threading/parallel_ranges.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<PoolKernels> kTiers[] = {
#define OCTAVO_POOL_TIER(isa, tier) {isa, &pool_##tier},
    OCTAVO_TIERS(OCTAVO_POOL_TIER)
#undef OCTAVO_POOL_TIER
};

// Channels that are pooled together: their sums stay in the first-level cache.
constexpr size_t kChannels = 256;

// The taps of one axis at one output: those within the image are [first, last) * dilation + origin.
struct Taps {
  ptrdiff_t origin;
  size_t first, last;
  size_t padded;  // taps within the image or its padding

  size_t at(size_t tap, size_t dilation) const {
    return static_cast<size_t>(origin + static_cast<ptrdiff_t>(tap * dilation));
  }
};

Taps taps_at(size_t position, size_t stride, size_t pad, size_t size, size_t pad_after,
             size_t kernel, size_t dilation) {
  Taps taps{static_cast<ptrdiff_t>(position * stride) - static_cast<ptrdiff_t>(pad), 0, kernel, 0};
  const auto index = [&](size_t tap) {
    return taps.origin + static_cast<ptrdiff_t>(tap * dilation);
  };
  while (taps.first < kernel && index(taps.first) < 0) ++taps.first;
  while (taps.last > taps.first && index(taps.last - 1) >= static_cast<ptrdiff_t>(size)) {
    --taps.last;
  }
  while (taps.padded < kernel && index(taps.padded) < static_cast<ptrdiff_t>(size + pad_after)) {
    ++taps.padded;
  }
  return taps;
}

struct Window {
  Taps rows, columns;
  size_t count(bool with_padding) const {
    return with_padding ? rows.padded * columns.padded
                        : (rows.last - rows.first) * (columns.last - columns.first);
  }
};

// Calls pool(row taps, image, output row of the batch) for each row of outputs, as tasks that must
// not throw.
template <typename Pool>
void for_each_row(const PoolShape& shape, Pool&& pool) {
  const size_t taps = shape.out_width * shape.kernel_h * shape.kernel_w * shape.channels;
  const size_t rows = shape.batch * shape.out_height;
  parallel_ranges(rows, div_up(kElementsPerTask, taps + 1), [&](size_t first, size_t count) {
    for (size_t row = first; row < first + count; ++row) {
      pool(taps_at(row % shape.out_height, shape.stride_h, shape.pad_top, shape.height,
                   shape.pad_bottom, shape.kernel_h, shape.dilation_h),
           row / shape.out_height, row);
    }
  });
}

// Calls pool(window, image, output pixel) for each output.
template <typename Pool>
void for_each_window(const PoolShape& shape, Pool&& pool) {
  for_each_row(shape, [&](const Taps& y, size_t image, size_t row) {
    for (size_t x = 0; x < shape.out_width; ++x) {
      const Window window{y, taps_at(x, shape.stride_w, shape.pad_left, shape.width,
                                     shape.pad_right, shape.kernel_w, shape.dilation_w)};
      pool(window, image, row * shape.out_width + x);
    }
  });
}

template <typename In, typename Into>
void reduce(const In* in, const PoolShape& shape, const Window& window, size_t image,
            size_t channel, size_t channels, PoolStepFn<In, Into> step, Into* into) {
  for (size_t ky = window.rows.first; ky < window.rows.last; ++ky) {
    const size_t row = image * shape.height + window.rows.at(ky, shape.dilation_h);
    for (size_t kx = window.columns.first; kx < window.columns.last; ++kx) {
      const size_t pixel = row * shape.width + window.columns.at(kx, shape.dilation_w);
      step(in + pixel * shape.channels + channel, channels, into);
    }
  }
}

// Maxima of one row of windows: over their rows first, in lines of many pixels, then over columns.
template <typename T>
class MaxPoolRow {
 public:
  MaxPoolRow(const PoolShape& shape, PoolStepFn<T, T> step) : shape_(shape), step_(step) {}

  // Whether a line is little longer than a row of the image, and most of what it holds is used.
  static bool fits(const PoolShape& shape) {
    if (shape.height == 0 || shape.stride_w > shape.kernel_w) return false;
    constexpr size_t kMostPadding = 64;
    const CheckedSize extent = CheckedSize(shape.kernel_w - 1).times(shape.dilation_w);
    const CheckedSize columns =
        CheckedSize(shape.out_width - 1).times(shape.stride_w).plus(extent.value()).plus(1);
    return columns.value() <= 2 * shape.width + kMostPadding;
  }

  // Memory for run(), in bytes.
  size_t bytes() const {
    return CheckedSize(columns()).plus(starts()).times(shape_.channels).times(sizeof(T)).value();
  }

  void run(const T* image, const Taps& rows, T* memory, T* out) const {
    take_rows(image, rows, memory);
    take_columns(memory, memory + columns() * shape_.channels, out);
  }

 private:
  // Where windows can begin, whatever the stride, and all that they read.
  size_t starts() const { return (shape_.out_width - 1) * shape_.stride_w + 1; }
  size_t columns() const { return starts() + (shape_.kernel_w - 1) * shape_.dilation_w; }

  void take_rows(const T* image, const Taps& rows, T* line) const {
    const size_t channels = shape_.channels;
    std::fill_n(line, columns() * channels, std::numeric_limits<T>::lowest());
    if (shape_.pad_left >= columns()) return;
    const size_t inside = std::min(shape_.width, columns() - shape_.pad_left);
    for (size_t ky = rows.first; ky < rows.last; ++ky) {
      const T* row = image + rows.at(ky, shape_.dilation_h) * shape_.width * channels;
      step_(row, inside * channels, line + shape_.pad_left * channels);
    }
  }

  void take_columns(const T* line, T* wide, T* out) const {
    const size_t channels = shape_.channels, count = starts() * channels;
    if (shape_.stride_w == 1) wide = out;
    std::copy_n(line, count, wide);
    for (size_t kx = 1; kx < shape_.kernel_w; ++kx) {
      step_(line + kx * shape_.dilation_w * channels, count, wide);
    }
    if (shape_.stride_w == 1) return;
    for (size_t x = 0; x < shape_.out_width; ++x) {
      std::copy_n(wide + x * shape_.stride_w * channels, channels, out + x * channels);
    }
  }

  const PoolShape& shape_;
  PoolStepFn<T, T> step_;
};

template <typename T>
void max_of_windows(const T* in, const PoolShape& shape, PoolStepFn<T, T> step, T* out) {
  for_each_window(shape, [&](const Window& window, size_t image, size_t pixel) {
    T* into = out + pixel * shape.channels;
    std::fill_n(into, shape.channels, std::numeric_limits<T>::lowest());
    reduce(in, shape, window, image, 0, shape.channels, step, into);
  });
}

template <typename T>
void max_pool_as(const void* input, const PoolShape& shape, PoolStepFn<T, T> step, void* output) {
  const T* in = static_cast<const T*>(input);
  T* out = static_cast<T*>(output);
  if (shape.out_width == 0 || shape.channels == 0) return;
  if (!MaxPoolRow<T>::fits(shape)) return max_of_windows(in, shape, step, out);
  const MaxPoolRow<T> pool(shape, step);
  const size_t image_size = shape.height * shape.width * shape.channels, bytes = pool.bytes();
  Failure failure;
  for_each_row(shape, [&](const Taps& rows, size_t image, size_t row) {
    T* memory = reinterpret_cast<T*>(failure.scratch_bytes(bytes));
    if (memory == nullptr) return;
    pool.run(in + image * image_size, rows, memory, out + row * shape.out_width * shape.channels);
  });
  failure.rethrow();
}

// Averages of a block of channels at a time.
template <typename In, typename Sum, typename Finish>
void average(const In* in, const PoolShape& shape, PoolStepFn<In, Sum> add, Finish&& finish) {
  for_each_window(shape, [&](const Window& window, size_t image, size_t pixel) {
    for (size_t channel = 0; channel < shape.channels; channel += kChannels) {
      const size_t channels = std::min(kChannels, shape.channels - channel);
      Sum sums[kChannels];
      std::fill_n(sums, channels, Sum{0});
      reduce(in, shape, window, image, channel, channels, add, sums);
      finish(sums, channels, window, pixel * shape.channels + channel);
    }
  });
}

template <typename T>
void quantized_average_as(const T* in, const QuantizationParameters& in_by,
                          const QuantizationParameters& out_by, const PoolShape& shape,
                          PoolStepFn<T, int32_t> add, void* out, IsaSet available) {
  const EpilogueFn requantize = select_epilogue(EpilogueKind::q8, available).run;
  average(in, shape, add,
          [&](int32_t* sums, size_t channels, const Window& window, size_t element) {
            const int32_t zeros = static_cast<int32_t>(window.count(false)) * in_by.zero_point;
            for (size_t c = 0; c < channels; ++c) sums[c] -= zeros;
            const float taps = static_cast<float>(window.count(shape.count_padding));
            float scales[kChannels];
            std::fill_n(scales, channels, in_by.scale / (out_by.scale * taps));
            EpilogueTile tile{};
            tile.rows = 1;
            tile.columns = channels;
            tile.acc = sums;
            tile.scales = scales;
            tile.zero_point = out_by.zero_point;
            tile.clamp_min = std::numeric_limits<T>::lowest();
            tile.clamp_max = std::numeric_limits<T>::max();
            tile.out = static_cast<T*>(out) + element;
            requantize(tile);
          });
}

}  // namespace

void max_pool(const void* in, octavo_type type, const PoolShape& shape, void* out,
              IsaSet available) {
  const PoolKernels& kernels = select_tier(kTiers, available);
  if (type == OCTAVO_F32) return max_pool_as(in, shape, kernels.max_f32, out);
  if (type == OCTAVO_S8) return max_pool_as(in, shape, kernels.max_s8, out);
  max_pool_as(in, shape, kernels.max_u8, out);
}

void average_pool(const float* in, const PoolShape& shape, float* out, IsaSet available) {
  average(in, shape, select_tier(kTiers, available).add_f32,
          [&](float* sums, size_t channels, const Window& window, size_t element) {
            const float taps = static_cast<float>(window.count(shape.count_padding));
            for (size_t c = 0; c < channels; ++c) out[element + c] = sums[c] / taps;
          });
}

void quantized_average_pool(const void* in, octavo_type type, const QuantizationParameters& in_by,
                            const QuantizationParameters& out_by, const PoolShape& shape, void* out,
                            IsaSet available) {
  const PoolKernels& kernels = select_tier(kTiers, available);
  if (type == OCTAVO_S8) {
    return quantized_average_as(static_cast<const int8_t*>(in), in_by, out_by, shape,
                                kernels.add_s8, out, available);
  }
  quantized_average_as(static_cast<const uint8_t*>(in), in_by, out_by, shape, kernels.add_u8, out,
                       available);
}

}  // namespace octavo
