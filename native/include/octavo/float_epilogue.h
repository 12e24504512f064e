/// What happens to the sums of a float product or convolution before they are written.
#ifndef OCTAVO_FLOAT_EPILOGUE_H_
#define OCTAVO_FLOAT_EPILOGUE_H_

#include "octavo/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Functions of one number x, with the parameters alpha and beta.
typedef int32_t octavo_activation;
enum {
  OCTAVO_IDENTITY = 0,     /* x */
  OCTAVO_CLIP = 1,         /* min(max(x, alpha), beta); Relu is alpha 0, beta infinity */
  OCTAVO_LEAKY_RELU = 2,   /* x where x >= 0, alpha * x otherwise */
  OCTAVO_HARD_SIGMOID = 3, /* min(max(alpha * x + beta, 0), 1) */
  OCTAVO_HARD_SWISH = 4    /* x * min(max(alpha * x + beta, 0), 1) */
};

/// y = activation(sum + bias[c] + residual[r][c]); c is the column (output channel), r the row.
typedef struct octavo_float_epilogue {
  const float* bias;      /* n values, or NULL for none */
  const float* residual;  /* laid out like the output, which it may be; or NULL for none */
  size_t residual_stride; /* products only: from row to row, in elements */
  octavo_activation activation;
  float alpha;
  float beta;
} octavo_float_epilogue;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_FLOAT_EPILOGUE_H_ */
