/// Convolutions of float numbers.
#ifndef OCTAVO_FLOAT_CONV2D_H_
#define OCTAVO_FLOAT_CONV2D_H_

#include "octavo/base.h"
#include "octavo/float_epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Convolution weights as ONNX stores them: [out_channels][group_channels][kernel_h][kernel_w].
typedef struct octavo_float_conv2d_weights {
  const void* data;
  octavo_type type;      /* OCTAVO_F32, OCTAVO_F16 or OCTAVO_BF16: what the packed copy holds too */
  size_t out_channels;   /* a multiple of groups */
  size_t group_channels; /* input channels of one group */
  size_t kernel_h;
  size_t kernel_w;
  size_t groups;
} octavo_float_conv2d_weights;

typedef struct octavo_packed_float_conv2d octavo_packed_float_conv2d;

octavo_status octavo_pack_float_conv2d(const octavo_float_conv2d_weights* weights,
                                       octavo_packed_float_conv2d** packed);
void octavo_free_packed_float_conv2d(octavo_packed_float_conv2d* packed);
size_t octavo_packed_float_conv2d_bytes(const octavo_packed_float_conv2d* packed);
size_t octavo_packed_float_conv2d_in_channels(const octavo_packed_float_conv2d* packed);
size_t octavo_packed_float_conv2d_out_channels(const octavo_packed_float_conv2d* packed);

/// A 2-D convolution over a batch, padded with 0. The epilogue's columns are output channels; its
/// residual has the output's layout and is dense. NHWC for both layouts is the fastest.
typedef struct octavo_float_conv2d_args {
  const float* input; /* [batch][channels][height][width] or [batch][height][width][channels] */
  octavo_layout input_layout;
  octavo_layout output_layout;
  size_t batch;
  size_t height;
  size_t width;
  size_t stride_h;
  size_t stride_w;
  size_t dilation_h;
  size_t dilation_w;
  size_t pad_top;
  size_t pad_left;
  size_t pad_bottom;
  size_t pad_right;
  const octavo_packed_float_conv2d* weights;
  octavo_float_epilogue epilogue;
  float* out;       /* must not overlap the input */
  uint32_t threads; /* at most this many; 0 for octavo_threads() */
} octavo_float_conv2d_args;

/// Output height and width of these arguments (data pointers are not read); refused where the
/// dilated kernel is larger than the padded input.
octavo_status octavo_float_conv2d_output_size(const octavo_float_conv2d_args* args, size_t* height,
                                              size_t* width);
octavo_status octavo_float_conv2d(const octavo_float_conv2d_args* args);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_FLOAT_CONV2D_H_ */
