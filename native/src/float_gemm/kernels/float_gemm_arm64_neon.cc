// 6 x 16 tiles in 24 of the 32 registers.
#include <arm_neon.h>

#include "float_gemm/float_tile_loop.h"

namespace octavo {
namespace {

struct Neon {
  static constexpr size_t lanes = 4;
  using T = float32x4_t;
  static void end_row() { __asm__ volatile("" ::: "memory"); }
  static T zero() { return vdupq_n_f32(0); }
  static T set(float x) { return vdupq_n_f32(x); }
  static T load(const float* p) { return vld1q_f32(p); }
  static void store(float* p, T v) { vst1q_f32(p, v); }
  // By lanes: through an array, every vector of a tile would pass through memory.
  static T load_first(const float* p, size_t count) {
    T v = zero();
    if (count == 4) return vld1q_f32(p);
    if (count >= 2) v = vcombine_f32(vld1_f32(p), vdup_n_f32(0));
    if (count == 1) v = vld1q_lane_f32(p, v, 0);
    if (count == 3) v = vld1q_lane_f32(p + 2, v, 2);
    return v;
  }
  static void store_first(float* p, T v, size_t count) {
    if (count == 4) return vst1q_f32(p, v);
    if (count >= 2) vst1_f32(p, vget_low_f32(v));
    if (count == 1) vst1q_lane_f32(p, v, 0);
    if (count == 3) vst1q_lane_f32(p + 2, v, 2);
  }
  static T fma(T a, T b, T c) { return vfmaq_f32(c, a, b); }
  static T add(T a, T b) { return vaddq_f32(a, b); }
  static T mul(T a, T b) { return vmulq_f32(a, b); }
  static T min(T a, T b) { return vminq_f32(a, b); }
  static T max(T a, T b) { return vmaxq_f32(a, b); }
  static T low(T x) { return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(x), 16)); }
  static T high(T x) {
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0xFFFF0000)));
  }
  static T select_negative(T x, T a, T b) { return vbslq_f32(vcltzq_f32(x), a, b); }
};

struct F32 : FloatProduct<Neon> {
  using Element = float;
  static float32x4_t load(const float* p) { return vld1q_f32(p); }
};

struct F16 : FloatProduct<Neon> {
  using Element = uint16_t;
  static float32x4_t load(const uint16_t* p) {
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
  }
};

struct BF16 : FloatProduct<Neon> {
  using Element = uint16_t;
  static float32x4_t load(const uint16_t* p) {
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16));
  }
};

}  // namespace

void float_gemm_f32_arm64_neon(const FloatTile& tile) { run_float_tile<Neon, F32, 6, 4>(tile); }
void float_gemm_f16_arm64_neon(const FloatTile& tile) { run_float_tile<Neon, F16, 6, 4>(tile); }
void float_gemm_bf16_arm64_neon(const FloatTile& tile) { run_float_tile<Neon, BF16, 6, 4>(tile); }
// Both numbers of each weight take a register: fewer rows leave room for them.
void float_gemm_bf16pairs_arm64_neon(const FloatTile& tile) {
  run_float_tile<Neon, BfloatPairs<Neon>, 4, 4>(tile);
}

}  // namespace octavo
