// The vector trait of block_tile_loop.h on ARM, and how its weights are unpacked.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_BLOCK_GEMM_KERNELS_BLOCK_NEON_H_
#define OCTAVO_SRC_BLOCK_GEMM_KERNELS_BLOCK_NEON_H_

#include <arm_neon.h>

#include "block_gemm/block_tile_loop.h"

namespace octavo {
namespace {

struct Neon {
  static constexpr size_t lanes = 4;
  using Int = int32x4_t;
  using Float = float32x4_t;
  static Int quads(const uint8_t* p) { return vreinterpretq_s32_u8(vld1q_u8(p)); }
  static Int broadcast(const uint8_t* p) {
    int32_t quad;
    __builtin_memcpy(&quad, p, sizeof(quad));
    return vdupq_n_s32(quad);
  }
  static void keep_order(Int& x) { __asm__ volatile("" : "+w"(x)); }
  static Int splat(int32_t x) { return vdupq_n_s32(x); }
  static Int load(const int32_t* p) { return vld1q_s32(p); }
  static void store(int32_t* p, Int x) { vst1q_s32(p, x); }
  static Int add(Int a, Int b) { return vaddq_s32(a, b); }
  static Int mul(Int a, Int b) { return vmulq_s32(a, b); }
  static Int bytes(const uint8_t* p) {
    uint32_t quad;
    __builtin_memcpy(&quad, p, sizeof(quad));
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(quad)))));
  }
  static Float floats(const uint8_t* p) { return vreinterpretq_f32_u8(vld1q_u8(p)); }
  static Float halves(const uint8_t* p) { return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p))); }
  static Float to_float(Int x) { return vcvtq_f32_s32(x); }
  static Float splat(float x) { return vdupq_n_f32(x); }
  static Float load(const float* p) { return vld1q_f32(p); }
  static void store(float* p, Float x) { vst1q_f32(p, x); }
  static Float mul(Float a, Float b) { return vmulq_f32(a, b); }
  static Float fma(Float a, Float b, Float c) { return vfmaq_f32(c, a, b); }
};

// Weights as signed bytes: those of 8 bits lowered by their middle.
template <int Bits>
struct SignedWeights {
  static constexpr int planes = 8 / Bits;
  static constexpr int32_t lowered = Bits == 8 ? 128 : 0;
  static constexpr size_t rows_per_chunk = static_cast<size_t>(-1);
  template <int Plane>
  static int32x4_t unpack(int32x4_t quads) {
    const uint8x16_t packed = vreinterpretq_u8_s32(quads);
    if constexpr (Bits == 8) {
      return vreinterpretq_s32_u8(veorq_u8(packed, vdupq_n_u8(0x80)));
    } else if constexpr (Plane + 1 == planes) {
      return vreinterpretq_s32_u8(vshrq_n_u8(packed, Plane * Bits));
    } else {
      const uint8x16_t low = vdupq_n_u8((1 << Bits) - 1);
      if constexpr (Plane == 0) return vreinterpretq_s32_u8(vandq_u8(packed, low));
      return vreinterpretq_s32_u8(vandq_u8(vshrq_n_u8(packed, Plane * Bits), low));
    }
  }
  static int32x4_t widen(int32x4_t sum) { return sum; }
};

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_KERNELS_BLOCK_NEON_H_
