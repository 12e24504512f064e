/// Products of 8-bit integer matrices.
#ifndef OCTAVO_MATMUL_H_
#define OCTAVO_MATMUL_H_

#include "octavo/base.h"
#include "octavo/epilogue.h"

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_MATMUL_H_ */
