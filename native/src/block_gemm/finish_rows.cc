#include "block_gemm/finish_rows.h"

#include <algorithm>
#include <cstring>

#include "base/aligned_memory.h"

namespace octavo {
namespace {

// As in float_gemm/float_tile_loop.h, where a NaN gives the other operand.
float least(float a, float b) { return a < b ? a : b; }
float most(float a, float b) { return a > b ? a : b; }

float activate(const octavo_float_epilogue& epilogue, float x) {
  if (epilogue.activation == OCTAVO_CLIP) return least(epilogue.beta, most(epilogue.alpha, x));
  if (epilogue.activation == OCTAVO_LEAKY_RELU) return x < 0 ? epilogue.alpha * x : x;
  const float hard = least(1, most(0, epilogue.alpha * x + epilogue.beta));
  return epilogue.activation == OCTAVO_HARD_SWISH ? x * hard : hard;
}

}  // namespace

bool sums_are_outputs(const octavo_block_matmul_args& args) {
  const octavo_float_epilogue& epilogue = args.epilogue;
  return epilogue.bias == nullptr && epilogue.residual == nullptr &&
         epilogue.activation == OCTAVO_IDENTITY;
}

void finish_row(const octavo_block_matmul_args& args, size_t row, size_t column, const float* sums,
                size_t count) {
  const octavo_float_epilogue& epilogue = args.epilogue;
  float* const out = args.out + row * args.out_stride + column;
  const float* residual = epilogue.residual == nullptr
                              ? nullptr
                              : epilogue.residual + row * epilogue.residual_stride + column;
  if (sums_are_outputs(args) && sums != nullptr) {
    std::memcpy(out, sums, count * sizeof(float));
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    float x = sums == nullptr ? 0 : sums[i];
    if (epilogue.bias != nullptr) x += epilogue.bias[column + i];
    if (residual != nullptr) x += residual[i];
    out[i] = epilogue.activation == OCTAVO_IDENTITY ? x : activate(epilogue, x);
  }
}

void prefetch_row(const octavo_block_matmul_args& args, size_t row, size_t column, size_t count) {
  const float* const out = args.out + row * args.out_stride + column;
  for (size_t i = 0; i < count; i += kCacheLine / sizeof(float)) __builtin_prefetch(out + i, 1);
}

}  // namespace octavo
