#include "quantize/quantize_kernels.h"

#include "quantize/byte_lookup.h"
#include "quantize/half_vector.h"
#include "quantize/nibbles.h"
#include "quantize/row_kernels.h"
#include "vector/narrow.h"

namespace octavo {
namespace {

OCTAVO_INLINE I32 load_lanes(const int32_t* from) { return load<I32>(from); }
template <typename T>
OCTAVO_INLINE I32 load_lanes(const T* from) {
  return load_wide(from);
}

template <bool kFromMemory, size_t kStep, typename T>
void dequantize_steps(const T* in, const QuantizationRun& by, size_t count, float* out) {
  const F32 scale = splat(*by.scales);
  const I32 zero_point = splat(*by.zero_points);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    prefetch_ahead<kFromMemory>(in + i);
    const I32 zero = kStep == 0 ? zero_point : load<I32>(by.zero_points + i);
    const F32 factor = kStep == 0 ? scale : load<F32>(by.scales + i);
    store(out + i, to_float(difference(load_lanes(in + i), zero)) * factor);
  }
  for (; i < count; ++i) {
    const I32 q = difference(splat(static_cast<int32_t>(in[i])), splat(by.zero_points[kStep * i]));
    out[i] = static_cast<float>(q[0]) * by.scales[kStep * i];
  }
}

template <bool kFromMemory, typename T>
void dequantize(const T* in, const QuantizationRun& by, size_t count, float* out) {
  if (count == 0) return;
  return by.step == 0 ? dequantize_steps<kFromMemory, 0, T>(in, by, count, out)
                      : dequantize_steps<kFromMemory, 1, T>(in, by, count, out);
}

template <bool kFromMemory>
constexpr QuantizeKernels kKernels = {
    quantize<kFromMemory, uint8_t>,    quantize<kFromMemory, int8_t>,
    quantize<kFromMemory, uint16_t>,   quantize<kFromMemory, int16_t>,
    dequantize<kFromMemory, uint8_t>,  dequantize<kFromMemory, int8_t>,
    dequantize<kFromMemory, uint16_t>, dequantize<kFromMemory, int16_t>,
    dequantize<kFromMemory, int32_t>,  range<kFromMemory>,
    quantize_row<kFromMemory>,
    floats_to_halves<kFromMemory>,     floats_to_bfloats<kFromMemory>,
    halves_to_floats<kFromMemory>,     bfloats_to_floats<kFromMemory>,
    look_up_bytes,                     unpack_nibbles<kFromMemory>,
    stream_nibbles<kFromMemory>,       pack_nibbles<kFromMemory>};

}  // namespace

const QuantizeTier OCTAVO_TIERED(quantize) = {kKernels<false>, kKernels<true>};

}  // namespace octavo
