#include "base/half.h"
#include "float_gemm/float_tile_loop.h"

namespace octavo {
namespace {

struct Scalar {
  static constexpr size_t lanes = 1;
  using T = float;
  static void end_row() {}
  static T zero() { return 0; }
  static T set(float x) { return x; }
  static T load(const float* p) { return *p; }
  static T load_first(const float* p, size_t count) { return count == 0 ? 0 : *p; }
  static void store(float* p, T v) { *p = v; }
  static void store_first(float* p, T v, size_t count) {
    if (count != 0) *p = v;
  }
  static T fma(T a, T b, T c) { return a * b + c; }
  static T add(T a, T b) { return a + b; }
  static T mul(T a, T b) { return a * b; }
  static T min(T a, T b) { return a < b ? a : b; }
  static T max(T a, T b) { return a > b ? a : b; }
  static T low(T x) { return std::bit_cast<float>(std::bit_cast<uint32_t>(x) << 16); }
  static T high(T x) { return std::bit_cast<float>(std::bit_cast<uint32_t>(x) & 0xFFFF0000); }
  static T select_negative(T x, T a, T b) { return x < 0 ? a : b; }
};

struct F32 : FloatProduct<Scalar> {
  using Element = float;
  static float load(const float* p) { return *p; }
};

struct F16 : FloatProduct<Scalar> {
  using Element = uint16_t;
  static float load(const uint16_t* p) { return half_to_float(*p); }
};

struct BF16 : FloatProduct<Scalar> {
  using Element = uint16_t;
  static float load(const uint16_t* p) { return bfloat_to_float(*p); }
};

}  // namespace

void float_gemm_f32_scalar(const FloatTile& tile) { run_float_tile<Scalar, F32, 4, 4>(tile); }
void float_gemm_f16_scalar(const FloatTile& tile) { run_float_tile<Scalar, F16, 4, 4>(tile); }
void float_gemm_bf16_scalar(const FloatTile& tile) { run_float_tile<Scalar, BF16, 4, 4>(tile); }
void float_gemm_bf16pairs_scalar(const FloatTile& tile) {
  run_float_tile<Scalar, BfloatPairs<Scalar>, 4, 4>(tile);
}

}  // namespace octavo
