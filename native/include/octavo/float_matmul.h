/// Products of float matrices, with weights packed once or with both operands varying.
#ifndef OCTAVO_FLOAT_MATMUL_H_
#define OCTAVO_FLOAT_MATMUL_H_

#include "octavo/base.h"
#include "octavo/float_epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

/// How products are computed.
typedef int32_t octavo_compute;
enum {
  OCTAVO_COMPUTE_F32 = 0,
  /* Both sides are rounded to bfloat16 (to nearest even) and multiplied in pairs where the CPU has
     an instruction for that; sums stay float32, subnormal terms may count as 0. */
  OCTAVO_COMPUTE_BF16 = 1
};

/// Weights of a product: element (k, n) is data[k * k_stride + n * n_stride].
typedef struct octavo_float_weights {
  const void* data;
  octavo_type type; /* OCTAVO_F32, OCTAVO_F16 or OCTAVO_BF16: what the packed copy holds too */
  size_t k;
  size_t n;
  size_t k_stride;        /* in elements */
  size_t n_stride;        /* in elements */
  octavo_compute compute; /* OCTAVO_COMPUTE_BF16 for F32 and BF16 only; the copy holds bfloat16 */
} octavo_float_weights;

typedef struct octavo_packed_float octavo_packed_float;

/// Copies weights into the layout of this CPU's best kernel. The layout depends on the CPU: never
/// store it. Free with octavo_free_packed_float.
octavo_status octavo_pack_float(const octavo_float_weights* weights, octavo_packed_float** packed);
void octavo_free_packed_float(octavo_packed_float* packed);
size_t octavo_packed_float_bytes(const octavo_packed_float* packed);
size_t octavo_packed_float_k(const octavo_packed_float* packed);
size_t octavo_packed_float_n(const octavo_packed_float* packed);

/// out[r][c] = epilogue(sum over k of lhs[r][k] * rhs[k][c]), products computed as the weights were
/// packed for, sums in float32 and in any order.
typedef struct octavo_float_matmul_args {
  const float* lhs; /* element (r, k) is lhs[r * lhs_stride + k * lhs_k_stride] */
  size_t m;
  size_t lhs_stride;
  size_t lhs_k_stride;
  const octavo_packed_float* rhs;
  octavo_float_epilogue epilogue;
  float* out; /* row r starts at element r * out_stride; must not overlap lhs */
  size_t out_stride;
  uint32_t threads; /* at most this many; 0 for octavo_threads() */
} octavo_float_matmul_args;

octavo_status octavo_float_matmul(const octavo_float_matmul_args* args);

/// A matrix of a batch: element (r, c) of matrix b is
/// data[offsets[b] + r * row_stride + c * column_stride].
typedef struct octavo_float_operand {
  const float* data;
  const size_t* offsets; /* one a matrix, in elements, or NULL where all are 0 */
  size_t row_stride;
  size_t column_stride;
} octavo_float_operand;

/// out[b] = epilogue(a[b] x b[b]) for each matrix of a batch, both operands varying.
typedef struct octavo_float_batch_matmul_args {
  size_t batch;
  size_t m;
  size_t k;
  size_t n;
  octavo_float_operand a; /* m x k */
  octavo_float_operand b; /* k x n */
  /* a residual lies as `out` does, from its own first element and with its own row stride */
  octavo_float_epilogue epilogue;
  float* out; /* row r of matrix i starts at element out_offsets[i] + r * out_stride */
  const size_t* out_offsets; /* like operand offsets; NULL only for a batch of at most one */
  size_t out_stride;
  uint32_t threads;
} octavo_float_batch_matmul_args;

octavo_status octavo_float_batch_matmul(const octavo_float_batch_matmul_args* args);

/// The name of the microkernel that float weights packed now will run on.
const char* octavo_float_kernel(void);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_FLOAT_MATMUL_H_ */
