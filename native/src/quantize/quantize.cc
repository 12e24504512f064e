#include "quantize/quantize.h"

#include "quantize/line_ranges.h"
#include "quantize/select_quantize.h"
#include "quantize/streamed_output.h"

namespace octavo {
namespace {

// As many bytes as that many floats have. Even, so that no two tasks share a byte.
constexpr size_t kNibblesPerTask = kElementsPerTask * sizeof(float);
static_assert(kNibblesPerTask % 2 == 0);

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
  const size_t before = elements_before_line(in, out, elements, streamed);
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

template <typename Kernel, typename In, typename Out>
void convert(Kernel kernel, const In* in, size_t count, Out* out) {
  const bool streamed = is_streamed(count * sizeof(Out));
  const size_t before = elements_before_line(in, out, count, streamed);
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
  const QuantizeKernels& kernels = select_quantize(available, bytes);
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
  const QuantizeKernels& kernels = select_quantize(available, bytes);
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

void floats_to_half(const float* in, size_t count, uint16_t* out, IsaSet available) {
  convert(select_quantize(available, count * sizeof(float)).to_half, in, count, out);
}

void floats_to_bfloat(const float* in, size_t count, uint16_t* out, IsaSet available) {
  convert(select_quantize(available, count * sizeof(float)).to_bfloat, in, count, out);
}

void half_to_floats(const uint16_t* in, size_t count, float* out, IsaSet available) {
  convert(select_quantize(available, count * sizeof(float)).from_half, in, count, out);
}

void bfloat_to_floats(const uint16_t* in, size_t count, float* out, IsaSet available) {
  convert(select_quantize(available, count * sizeof(float)).from_bfloat, in, count, out);
}

void unpack_nibbles(const uint8_t* in, size_t count, octavo_type type, void* out,
                    IsaSet available) {
  const uint8_t sign = type == OCTAVO_S8 ? 8 : 0;
  const QuantizeKernels& kernels = select_quantize(available, count);
  const bool streamed = is_streamed(count);
  const UnpackNibblesFn kernel = streamed ? kernels.stream_nibbles : kernels.unpack_nibbles;
  uint8_t* const bytes = static_cast<uint8_t*>(out);
  const size_t before = elements_before_line(bytes, count) & ~size_t{1};
  ranges_from_line(before, count, kNibblesPerTask, [&](size_t first, size_t size) {
    kernel(in + first / 2, size, sign, bytes + first);
  });
}

void pack_nibbles(const void* in, size_t count, uint8_t* out, IsaSet available) {
  const auto kernel = select_quantize(available, count).pack_nibbles;
  const uint8_t* const bytes = static_cast<const uint8_t*>(in);
  const size_t before = elements_before_line(bytes, count) & ~size_t{1};
  ranges_from_line(before, count, kNibblesPerTask, [&](size_t first, size_t size) {
    kernel(bytes + first, size, out + first / 2);
  });
}

}  // namespace octavo
