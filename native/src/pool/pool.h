// Maximum and average pooling of images whose pixels are rows of channels (NHWC).
#ifndef OCTAVO_SRC_POOL_POOL_H_
#define OCTAVO_SRC_POOL_POOL_H_

#include <cstddef>

#include "cpu/isa.h"
#include "octavo/base.h"
#include "quantize/quantize.h"

namespace octavo {

// [batch][height][width][channels] to [batch][out_height][out_width][channels]. A global pool has a
// kernel of the image's size. Planes (NCHW) are images of one channel, in a batch of all channels.
struct PoolShape {
  size_t batch = 1, channels;
  size_t height, width;
  size_t out_height, out_width;
  size_t kernel_h, kernel_w;
  size_t stride_h = 1, stride_w = 1;
  size_t dilation_h = 1, dilation_w = 1;
  size_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  bool count_padding = false;  // averages divide by the taps in the padding too
};

// Elements of OCTAVO_U8, S8 or F32. Padding never wins; a window wholly within it gives the type's
// lowest value.
void max_pool(const void* in, octavo_type type, const PoolShape& shape, void* out,
              IsaSet available = active_isa());

// Sums in the order of the taps, divided by their number.
void average_pool(const float* in, const PoolShape& shape, float* out,
                  IsaSet available = active_isa());

// y = sat(rne(f32(f32(sum of (x - z_x)) * f32(s_x / f32(s_y * taps)))) + z_y), of OCTAVO_U8 or S8,
// as onnxruntime's QLinearGlobalAveragePool. Windows of at most 2^23 taps.
void quantized_average_pool(const void* in, octavo_type type, const QuantizationParameters& in_by,
                            const QuantizationParameters& out_by, const PoolShape& shape, void* out,
                            IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_POOL_POOL_H_
