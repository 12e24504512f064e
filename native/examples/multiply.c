/* Packs a 3x2 weight matrix once, multiplies two rows by it and requantizes to uint8. */
#include <octavo/octavo.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  const int8_t weights[3][2] = {{1, -2}, {3, 4}, {-5, 6}};
  const uint8_t rows[2][3] = {{10, 20, 14}, {7, 2, 8}};
  const int32_t lhs_zero_point = 0;
  const float scale = 0.5f;
  uint8_t out[2][2];

  octavo_packed_matrix* packed = NULL;
  const octavo_weights source = {
      .data = weights, .type = OCTAVO_S8, .k = 3, .n = 2, .k_stride = 2, .n_stride = 1};
  if (octavo_pack_matrix(&source, &packed) != OCTAVO_OK) {
    fprintf(stderr, "%s\n", octavo_last_error());
    return EXIT_FAILURE;
  }

  const octavo_matmul_args product = {
      .lhs = rows,
      .lhs_type = OCTAVO_U8,
      .m = 2,
      .lhs_stride = 3,
      .lhs_zero_points = &lhs_zero_point,
      .lhs_zero_point_count = 1,
      .rhs = packed,
      .epilogue = {.output = OCTAVO_U8,
                   .scales = &scale,
                   .scale_count = 1,
                   .zero_point = 128,
                   .clamp_min = 0,
                   .clamp_max = 255},
      .out = out,
      .out_stride = 2,
  };
  const octavo_status status = octavo_matmul(&product);
  octavo_free_packed_matrix(packed);
  if (status != OCTAVO_OK) {
    fprintf(stderr, "%s\n", octavo_last_error());
    return EXIT_FAILURE;
  }
  printf("%s: %d %d %d %d\n", octavo_gemm_kernel(), out[0][0], out[0][1], out[1][0], out[1][1]);
  return EXIT_SUCCESS;
}
