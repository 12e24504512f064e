/// Products of floats with weights of few bits, quantized in blocks along K.
#ifndef OCTAVO_BLOCK_MATMUL_H_
#define OCTAVO_BLOCK_MATMUL_H_

#include "octavo/base.h"
#include "octavo/float_epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Weight (k, n) is (q[k][n] - zero_point[b][n]) * scale[b][n] in block b = k / block_size; a last
/// block may be short. q[k][n] is number k * k_stride + n * n_stride of `data`, where numbers of
/// fewer than 8 bits are packed, the first in the low bits.
///
/// The weights of ONNX MatMulNBits have k_stride 1 and n_stride blocks * block_size; those of a
/// DequantizeLinear with blocks along axis 0 of [k, n] have k_stride n and n_stride 1.
typedef struct octavo_block_weights {
  const uint8_t* data;
  uint32_t bits;      /* 2, 4 or 8 */
  uint32_t is_signed; /* 1: two's complement, 0: unsigned; also of zero points */
  size_t k;
  size_t n;
  size_t block_size; /* a multiple of 16, or at least k */
  size_t k_stride;   /* in numbers */
  size_t n_stride;   /* in numbers */
  const void* scales;
  octavo_type scale_type; /* OCTAVO_F32 or OCTAVO_F16; scales must be finite */
  size_t scale_block_stride;
  size_t scale_n_stride;
  /* packed like `data`, or NULL where all are the middle: 0 if signed, else 2^(bits - 1) */
  const uint8_t* zero_points;
  size_t zero_point_block_stride; /* in numbers */
  size_t zero_point_n_stride;     /* in numbers */
} octavo_block_weights;

typedef struct octavo_packed_blocks octavo_packed_blocks;

/// Copies weights into the layout of the kernels. Scales that are exact in half precision take two
/// bytes each. Free with octavo_free_packed_blocks.
octavo_status octavo_pack_blocks(const octavo_block_weights* weights,
                                 octavo_packed_blocks** packed);
void octavo_free_packed_blocks(octavo_packed_blocks* packed);
size_t octavo_packed_blocks_bytes(const octavo_packed_blocks* packed);
size_t octavo_packed_blocks_k(const octavo_packed_blocks* packed);
size_t octavo_packed_blocks_n(const octavo_packed_blocks* packed);

typedef int32_t octavo_block_mode;
enum {
  /* Weights become floats f32((q - zero_point) * scale); products and sums in float32, sums in any
     order. */
  OCTAVO_BLOCK_EXACT = 0,
  /* Each block of each row of the left-hand side becomes int8: s = f32(amax / 127), a = rne(x / s).
     Integer products are exact; their sums are added up over blocks as
     y = fma(f32(sum of a * (q - zero_point)), f32(s * scale), y), in the order of blocks, the same
     bits on every instruction set. A row with a NaN or an infinity gives NaN. */
  OCTAVO_BLOCK_DYNAMIC_INT8 = 1
};

/// out[r][c] = epilogue(sum over k of lhs[r][k] * rhs[k][c])
typedef struct octavo_block_matmul_args {
  const float* lhs; /* element (r, k) is lhs[r * lhs_stride + k] */
  size_t m;
  size_t lhs_stride; /* in elements, >= k */
  const octavo_packed_blocks* rhs;
  octavo_block_mode mode;
  octavo_float_epilogue epilogue;
  float* out;        /* row r starts at element r * out_stride; must not overlap lhs */
  size_t out_stride; /* in elements, >= n */
  uint32_t threads;  /* at most this many; 0 for octavo_threads() */
} octavo_block_matmul_args;

octavo_status octavo_block_matmul(const octavo_block_matmul_args* args);

/// The name of the microkernel that products with 4-bit weights run on in mode dynamic-int8.
const char* octavo_block_kernel(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_BLOCK_MATMUL_H_ */
