#include "base/half.h"
#include "block_gemm/block_tile_loop.h"

namespace octavo {
namespace {

// One column; integers wrap.
struct Scalar {
  static constexpr size_t lanes = 1;
  using Int = uint32_t;
  using Float = float;
  static Int quads(const uint8_t* p) {
    Int quad;
    __builtin_memcpy(&quad, p, sizeof(quad));
    return quad;
  }
  static Int load(const int32_t* p) { return static_cast<Int>(*p); }
  static void store(int32_t* p, Int x) { *p = static_cast<int32_t>(x); }
  static Int broadcast(const uint8_t* p) { return quads(p); }
  static void keep_order(Int&) {}
  static Int splat(int32_t x) { return static_cast<Int>(x); }
  static Int add(Int a, Int b) { return a + b; }
  static Int mul(Int a, Int b) { return a * b; }
  static Int bytes(const uint8_t* p) { return *p; }
  static Float floats(const uint8_t* p) {
    float value;
    __builtin_memcpy(&value, p, sizeof(value));
    return value;
  }
  static Float halves(const uint8_t* p) {
    uint16_t bits;
    __builtin_memcpy(&bits, p, sizeof(bits));
    return half_to_float(bits);
  }
  static Float to_float(Int x) { return static_cast<float>(static_cast<int32_t>(x)); }
  static Float splat(float x) { return x; }
  static Float load(const float* p) { return *p; }
  static void store(float* p, Float x) { *p = x; }
  static Float mul(Float a, Float b) { return a * b; }
  static Float fma(Float a, Float b, Float c) { return __builtin_fmaf(a, b, c); }
};

template <int Bits>
struct Product {
  static constexpr int32_t lowered = 0;
  static constexpr int planes = 8 / Bits;
  static constexpr size_t rows_per_chunk = static_cast<size_t>(-1);
  template <int Plane>
  static uint32_t unpack(uint32_t packed) {
    constexpr uint32_t kLow = 0x01010101u * ((1u << Bits) - 1);
    return packed >> (Plane * Bits) & kLow;
  }
  static uint32_t add(uint32_t sum, uint32_t weights, uint32_t lhs) {
    for (int i = 0; i < 4; ++i) {
      const int32_t w = static_cast<uint8_t>(weights >> (8 * i));
      const int32_t a = static_cast<int8_t>(static_cast<uint8_t>(lhs >> (8 * i)));
      sum += static_cast<uint32_t>(w * a);
    }
    return sum;
  }
  static uint32_t widen(uint32_t sum) { return sum; }
};

}  // namespace

void block_gemm_q2_scalar(const BlockTile& tile) { run_block_rows<Scalar, Product<2>, 2>(tile); }
void block_gemm_q4_scalar(const BlockTile& tile) { run_block_rows<Scalar, Product<4>, 2>(tile); }
void block_gemm_q8_scalar(const BlockTile& tile) { run_block_rows<Scalar, Product<8>, 2>(tile); }

}  // namespace octavo
