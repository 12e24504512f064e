/// Octavo's native kernels: pack weights once, then multiply and convolve 8-bit integers exactly.
/// Usable from C and C++. Every function is thread-safe; packed objects are immutable after
/// packing.
///
/// Arithmetic (docs/numerics.md): accumulators are int32 modulo 2^32, no product ever saturates,
/// and every instruction-set tier gives the same bits.
#ifndef OCTAVO_OCTAVO_H_
#define OCTAVO_OCTAVO_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum octavo_status {
  OCTAVO_OK = 0,
  OCTAVO_INVALID_ARGUMENT = 1,
  OCTAVO_OUT_OF_MEMORY = 2
} octavo_status;

/// An integer rather than an enum, so that a value that is none of these can be refused.
typedef int32_t octavo_type;
enum { OCTAVO_S8 = 0, OCTAVO_U8 = 1, OCTAVO_S32 = 2, OCTAVO_F32 = 3 };

typedef int32_t octavo_layout;
enum { OCTAVO_NCHW = 0, OCTAVO_NHWC = 1 };

/// What the last failed call on this thread objected to: "argument: expected ..., found ...".
const char* octavo_last_error(void);

/// The version of this library, "major.minor.patch".
const char* octavo_version(void);

/// Space-separated instruction-set features of this CPU that the operating system also supports.
const char* octavo_detected_isa(void);
/// The features in use: the detected ones, restricted by the environment variable OCTAVO_ISA
/// (comma-separated names; each brings what it implies; "scalar" allows none).
const char* octavo_active_isa(void);
/// Space-separated names in OCTAVO_ISA that are not features; empty when all are known.
const char* octavo_unknown_isa(void);
/// The name of the microkernel that weights packed now will run on.
const char* octavo_gemm_kernel(void);

/// Weights of a product: element (k, n) is data[k * k_stride + n * n_stride].
typedef struct octavo_weights {
  const void* data;
  octavo_type type; /* OCTAVO_S8 or OCTAVO_U8 */
  size_t k;
  size_t n;
  size_t k_stride;            /* in elements */
  size_t n_stride;            /* in elements */
  const int32_t* zero_points; /* zero_point_count values within the range of `type` */
  size_t zero_point_count;    /* 0 (all zero), 1, or n */
} octavo_weights;

typedef struct octavo_packed_matrix octavo_packed_matrix;

/// Copies weights into the layout of this CPU's best kernel. The layout depends on the CPU: never
/// store it. Free with octavo_free_packed_matrix.
octavo_status octavo_pack_matrix(const octavo_weights* weights, octavo_packed_matrix** packed);
void octavo_free_packed_matrix(octavo_packed_matrix* packed);
size_t octavo_packed_matrix_bytes(const octavo_packed_matrix* packed);
size_t octavo_packed_matrix_k(const octavo_packed_matrix* packed);
size_t octavo_packed_matrix_n(const octavo_packed_matrix* packed);

/// How accumulators become outputs; c is the column (output channel), r the row.
///   S32:    y = acc + bias[c]
///   F32:    y = f32(f32(acc + bias[c]) * m) + float_bias[c], m = scales[c] or
///           f32(row_scales[r] * scales[c])
///   U8, S8: y = clamp(rne(f32(f32(acc + bias[c]) * scales[c])) + zero_point)
/// rne rounds to nearest, ties to even; each f32(...) rounds once; a NaN product gives clamp_min.
typedef struct octavo_epilogue {
  octavo_type output;
  const int32_t* bias;     /* n values, or NULL for none */
  const float* scales;     /* scale_count values; NULL only for S32 */
  size_t scale_count;      /* 1 or n; 0 only for S32 */
  const float* row_scales; /* F32 products only: m values, or NULL */
  const float* float_bias; /* F32 only: n values, or NULL */
  int32_t zero_point;      /* U8 and S8 only, like the two limits: within the output's range */
  int32_t clamp_min;
  int32_t clamp_max;
} octavo_epilogue;

/// out[r][c] = epilogue(sum over k of (lhs[r][k] - lhs_zero_point[r]) * (rhs[k][c] -
/// rhs_zero_point[c]))
typedef struct octavo_matmul_args {
  const void* lhs; /* row r starts at element r * lhs_stride */
  octavo_type lhs_type;
  size_t m;
  size_t lhs_stride;              /* in elements, >= k */
  const int32_t* lhs_zero_points; /* within the range of lhs_type */
  size_t lhs_zero_point_count;    /* 0 (all zero), 1, or m */
  const octavo_packed_matrix* rhs;
  octavo_epilogue epilogue;
  void* out;         /* row r starts at element r * out_stride; must not overlap any input */
  size_t out_stride; /* in elements, >= n */
} octavo_matmul_args;

octavo_status octavo_matmul(const octavo_matmul_args* args);

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

#endif /* OCTAVO_OCTAVO_H_ */
