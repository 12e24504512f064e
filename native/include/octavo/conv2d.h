/// Convolutions of 8-bit integers.
#ifndef OCTAVO_CONV2D_H_
#define OCTAVO_CONV2D_H_

#include "octavo/base.h"
#include "octavo/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Convolution weights as ONNX stores them: [out_channels][group_channels][kernel_h][kernel_w].
typedef struct octavo_conv2d_weights {
  const void* data;
  octavo_type type;
  size_t out_channels;   /* a multiple of groups */
  size_t group_channels; /* input channels of one group */
  size_t kernel_h;
  size_t kernel_w;
  size_t groups;
  const int32_t* zero_points;
  size_t zero_point_count; /* 0 (all zero), 1, or out_channels */
} octavo_conv2d_weights;

typedef struct octavo_packed_conv2d octavo_packed_conv2d;

octavo_status octavo_pack_conv2d(const octavo_conv2d_weights* weights,
                                 octavo_packed_conv2d** packed);
void octavo_free_packed_conv2d(octavo_packed_conv2d* packed);
size_t octavo_packed_conv2d_bytes(const octavo_packed_conv2d* packed);
size_t octavo_packed_conv2d_in_channels(const octavo_packed_conv2d* packed);
size_t octavo_packed_conv2d_out_channels(const octavo_packed_conv2d* packed);

/// A 2-D convolution over a batch; padding has the value of the input zero point. The epilogue's
/// columns are output channels, and it has no row_scales.
typedef struct octavo_conv2d_args {
  const void* input; /* [batch][channels][height][width] or [batch][height][width][channels] */
  octavo_type input_type;
  int32_t input_zero_point;
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
  const octavo_packed_conv2d* weights;
  octavo_epilogue epilogue;
  void* out; /* must not overlap any input */
} octavo_conv2d_args;

/// Output height and width of these arguments (data pointers are not read); refused where the
/// dilated kernel is larger than the padded input.
octavo_status octavo_conv2d_output_size(const octavo_conv2d_args* args, size_t* height,
                                        size_t* width);
octavo_status octavo_conv2d(const octavo_conv2d_args* args);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_CONV2D_H_ */
