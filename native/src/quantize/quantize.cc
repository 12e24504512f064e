#include "quantize/quantize.h"

#include <algorithm>
#include <cmath>

#include "quantize/line_ranges.h"
#include "quantize/quantize_kernels.h"
#include "quantize/streamed_output.h"
#include "threading/parallel_ranges.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<QuantizeTier> kTiers[] = {
#define OCTAVO_QUANTIZE_TIER(isa, tier) {isa, &quantize_##tier},
    OCTAVO_WIDE_TIERS(OCTAVO_QUANTIZE_TIER)
#undef OCTAVO_QUANTIZE_TIER
};

// As many bytes as that many floats have. Even, so that no two tasks share a byte.
constexpr size_t kNibblesPerTask = kElementsPerTask * sizeof(float);
static_assert(kNibblesPerTask % 2 == 0);

// Larger out of memory: what is prefetched at the end of a task may be for another thread, and each
// task waits for what it has streamed.
size_t elements_per_task(size_t elements) {
  return exceeds_caches(elements * sizeof(float)) ? 16 * kElementsPerTask : kElementsPerTask;
}

// For what takes so many bytes on the wider side.
const QuantizeKernels& kernels_for(IsaSet available, size_t bytes) {
  const QuantizeTier& tier = select_tier(kTiers, available);
  return exceeds_caches(bytes) ? tier.from_memory : tier.from_cache;
}

// Calls run(first element, count, parameters) for runs that cover the tensor.
template <typename Run>
void for_each_run(const Quantization& by, size_t before, Run&& run) {
  const size_t elements = by.outer * by.channels * by.inner;
  if (by.channels == 1) {
    const size_t per_task = elements_per_task(elements);
    return ranges_from_line(before, elements, per_task, [&](size_t first, size_t count) {
      run(first, count, QuantizationRun{by.scales, by.zero_points, 0});
    });
  }
  const bool last_axis = by.inner == 1;
  const size_t columns = last_axis ? by.channels : by.inner;
  const size_t rows = last_axis ? by.outer : by.outer * by.channels;
  if (columns == 0) return;
  const size_t rows_per_task = div_up(elements_per_task(elements), columns);
  parallel_ranges(rows, rows_per_task, [&](size_t first, size_t count) {
    for (size_t row = first; row < first + count; ++row) {
      const size_t channel = last_axis ? 0 : row % by.channels;
      run(row * columns, columns,
          QuantizationRun{by.scales + channel, by.zero_points + channel,
                          last_axis ? size_t{1} : 0});
    }
  });
}

// Calls kernel(first element, count, parameters, where to write) for parts that cover the tensor.
template <typename In, typename Out, typename Kernel>
void write_runs(const In* in, const Quantization& by, Out* out, Kernel kernel) {
  const size_t elements = by.outer * by.channels * by.inner;
  const bool streamed = by.channels == 1 && is_streamed(elements * sizeof(Out));
  const size_t before = elements_before_line(in, out, elements);
  for_each_run(by, before, [&](size_t first, size_t count, const QuantizationRun& run) {
    write_elements(out + first, count, streamed, [&](size_t from, size_t size, Out* to) {
      kernel(in + first + from, run, size, to);
    });
    if (streamed) finish_streaming();
  });
}

template <typename T>
void quantize_as(QuantizeFn<T> kernel, const float* in, const Quantization& by, void* out) {
  write_runs(in, by, static_cast<T*>(out), kernel);
}

template <typename T>
void dequantize_as(DequantizeFn<T> kernel, const void* in, const Quantization& by, float* out) {
  write_runs(static_cast<const T*>(in), by, out, kernel);
}

// (max - min) / 255, and the zero point computed from the rounded scale, all in float32.
QuantizationParameters parameters_of_range(float low, float high) {
  const float scale = (high - low) / 255.0f;
  if (scale == 0.0f) return {1.0f, 0};
  // In this order NaN, of infinities, becomes 0.
  const float zero_point = std::min(std::max(0.0f, -low / scale), 255.0f);
  return {scale, static_cast<int32_t>(std::lrint(zero_point))};
}

template <typename Kernel, typename In, typename Out>
void convert(Kernel kernel, const In* in, size_t count, Out* out) {
  const bool streamed = is_streamed(count * sizeof(Out));
  const size_t before = elements_before_line(in, out, count);
  ranges_from_line(before, count, elements_per_task(count), [&](size_t first, size_t size) {
    write_elements(out + first, size, streamed, [&](size_t from, size_t part, Out* to) {
      kernel(in + first + from, part, to);
    });
    if (streamed) finish_streaming();
  });
}

}  // namespace

void quantize(const float* in, const Quantization& by, octavo_type type, void* out,
              IsaSet available) {
  const size_t bytes = by.outer * by.channels * by.inner * sizeof(float);
  const QuantizeKernels& kernels = kernels_for(available, bytes);
  switch (type) {
    case OCTAVO_S8:
      return quantize_as(kernels.to_s8, in, by, out);
    case OCTAVO_U16:
      return quantize_as(kernels.to_u16, in, by, out);
    case OCTAVO_S16:
      return quantize_as(kernels.to_s16, in, by, out);
    default:
      return quantize_as(kernels.to_u8, in, by, out);
  }
}

void dequantize(const void* in, octavo_type type, const Quantization& by, float* out,
                IsaSet available) {
  const size_t bytes = by.outer * by.channels * by.inner * sizeof(float);
  const QuantizeKernels& kernels = kernels_for(available, bytes);
  switch (type) {
    case OCTAVO_S8:
      return dequantize_as(kernels.from_s8, in, by, out);
    case OCTAVO_U16:
      return dequantize_as(kernels.from_u16, in, by, out);
    case OCTAVO_S16:
      return dequantize_as(kernels.from_s16, in, by, out);
    case OCTAVO_S32:
      return dequantize_as(kernels.from_s32, in, by, out);
    default:
      return dequantize_as(kernels.from_u8, in, by, out);
  }
}

QuantizationParameters dynamic_parameters(const float* in, size_t count, IsaSet available) {
  float low = 0, high = 0;
  kernels_for(available, count * sizeof(float)).range(in, count, &low, &high);
  return parameters_of_range(low, high);
}

void quantize_rows(const float* in, size_t rows, size_t columns, uint8_t* out, float* scales,
                   int32_t* zero_points, IsaSet available) {
  const QuantizeKernels& kernels = kernels_for(available, rows * columns * sizeof(float));
  const size_t per_task = div_up(elements_per_task(rows * columns), columns == 0 ? 1 : columns);
  const bool streamed = is_streamed(rows * columns);
  const auto parameters_of = [&](size_t row) {
    float low = 0, high = 0;
    kernels.range(in + row * columns, columns, &low, &high);
    return parameters_of_range(low, high);
  };
  parallel_ranges(rows, per_task, [&](size_t first, size_t count) {
    // Parameters take divisions, one after the other: they are ready a row ahead.
    QuantizationParameters next = parameters_of(first);
    for (size_t row = first; row < first + count; ++row) {
      const QuantizationParameters by = next;
      if (row + 1 < first + count) next = parameters_of(row + 1);
      scales[row] = by.scale;
      zero_points[row] = by.zero_point;
      const float* const from = in + row * columns;
      write_elements(out + row * columns, columns, streamed,
                     [&](size_t begin, size_t size, uint8_t* to) {
                       kernels.to_u8(from + begin, {&by.scale, &by.zero_point, 0}, size, to);
                     });
    }
    if (streamed) finish_streaming();
  });
}

void floats_to_half(const float* in, size_t count, uint16_t* out, IsaSet available) {
  convert(kernels_for(available, count * sizeof(float)).to_half, in, count, out);
}

void floats_to_bfloat(const float* in, size_t count, uint16_t* out, IsaSet available) {
  convert(kernels_for(available, count * sizeof(float)).to_bfloat, in, count, out);
}

void half_to_floats(const uint16_t* in, size_t count, float* out, IsaSet available) {
  convert(kernels_for(available, count * sizeof(float)).from_half, in, count, out);
}

void bfloat_to_floats(const uint16_t* in, size_t count, float* out, IsaSet available) {
  convert(kernels_for(available, count * sizeof(float)).from_bfloat, in, count, out);
}

void unpack_nibbles(const uint8_t* in, size_t count, octavo_type type, void* out,
                    IsaSet available) {
  const uint8_t sign = type == OCTAVO_S8 ? 8 : 0;
  const QuantizeKernels& kernels = kernels_for(available, count);
  const bool streamed = is_streamed(count);
  const UnpackNibblesFn kernel = streamed ? kernels.stream_nibbles : kernels.unpack_nibbles;
  uint8_t* const bytes = static_cast<uint8_t*>(out);
  const size_t before = elements_before_line(bytes, count) & ~size_t{1};
  ranges_from_line(before, count, kNibblesPerTask, [&](size_t first, size_t size) {
    kernel(in + first / 2, size, sign, bytes + first);
  });
}

void pack_nibbles(const void* in, size_t count, uint8_t* out, IsaSet available) {
  const auto kernel = kernels_for(available, count).pack_nibbles;
  const uint8_t* const bytes = static_cast<const uint8_t*>(in);
  const size_t before = elements_before_line(bytes, count) & ~size_t{1};
  ranges_from_line(before, count, kNibblesPerTask, [&](size_t first, size_t size) {
    kernel(bytes + first, size, out + first / 2);
  });
}

}  // namespace octavo
