// vpdpbusd adds four products of unsigned weights and int8 to each of the 16 columns of a panel: a
// row of 64 bytes, unpacked, is one operand, four values of k of a row of lhs the other.
#include <immintrin.h>

#include "block_gemm/block_tile.h"
#include "block_gemm/kernels/one_row_x86_avx512vnni.h"
#include "block_gemm/kernels/row_steps.h"

#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "compile this file with AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

template <int Bits>
constexpr int kPlanes = 8 / Bits;
template <int Bits>
constexpr size_t kDepth = 4 * kPlanes<Bits>;  // values of k in a row of 64 bytes

// Few rows would leave the multipliers waiting for each other's sums: each plane has its own.
template <int Bits, int Rows>
constexpr int kSets = Rows <= 4 ? kPlanes<Bits> : 1;

template <int Bits, int Plane>
OCTAVO_ALWAYS_INLINE __m512i unpack(__m512i packed) {
  if constexpr (Bits == 8) return packed;
  const __m512i low = _mm512_set1_epi8((1 << Bits) - 1);
  return _mm512_and_si512(Plane == 0 ? packed : _mm512_srli_epi16(packed, Plane * Bits), low);
}

template <int Bits, int Plane, int Rows, int Sets>
OCTAVO_ALWAYS_INLINE void multiply_planes(__m512i (&sums)[Rows][Sets], __m512i packed,
                                          const uint8_t* lhs, size_t stride) {
  const __m512i weights = unpack<Bits, Plane>(packed);
  const uint8_t* row = lhs + 4 * Plane;
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
    __m512i& sum = sums[i][Plane % Sets];
    sum = _mm512_dpbusd_epi32(sum, weights, broadcast_quad(row));
    row = next_row(row, stride);
    OCTAVO_KEEP_ORDER(sum);
  }
  if constexpr (Plane + 1 < kPlanes<Bits>) {
    multiply_planes<Bits, Plane + 1>(sums, packed, lhs, stride);
  }
}

// What the sums of a block start from: the share of its zero points.
template <int Bits, int Rows>
OCTAVO_ALWAYS_INLINE void start_sums(const BlockTile& tile, size_t block, const uint8_t* header,
                                     __m512i (&sums)[Rows][kSets<Bits, Rows>]) {
  const BlockShape& shape = tile.shape;
  const int32_t* offset = tile.lhs_offsets + block;
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 8
    for (__m512i& sum : sums[i]) sum = _mm512_setzero_si512();
    sums[i][0] = _mm512_set1_epi32(*offset);
    offset = next_row(offset, tile.block_stride);
    OCTAVO_KEEP_ORDER(sums[i][0]);
  }
  if (!shape.has_zero_points) return;
  const uint8_t* bytes = header + shape.header_bytes - kBlockColumns;
  const __m512i zero_points =
      _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
    sums[i][0] = _mm512_mullo_epi32(sums[i][0], zero_points);
    OCTAVO_KEEP_ORDER(sums[i][0]);
  }
}

// Adds the sums of a block, scaled, to outputs kMaxGroupColumns apart.
template <int Rows, int Sets>
OCTAVO_ALWAYS_INLINE void finish_sums(const BlockTile& tile, size_t block, const uint8_t* header,
                                      const __m512i (&sums)[Rows][Sets], float* out) {
  const __m512 scale = load_scales(tile.shape, header);
  const float* lhs_scale = tile.lhs_scales + block;
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i, out += kMaxGroupColumns) {
    __m512i sum = sums[i][0];
#pragma GCC unroll 8
    for (int set = 1; set < Sets; ++set) sum = _mm512_add_epi32(sum, sums[i][set]);
    const __m512 row_scale = _mm512_set1_ps(*lhs_scale);
    lhs_scale = next_row(lhs_scale, tile.block_stride);
    __m512 total = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_mul_ps(scale, row_scale),
                                   _mm512_load_ps(out));
    OCTAVO_KEEP_ORDER(total);
    _mm512_store_ps(out, total);
  }
}

template <int Bits, int Rows>
__attribute__((noinline)) void run_tile(const BlockTile& tile) {
  const BlockShape& shape = tile.shape;
  const uint8_t* at = tile.group;
  const uint8_t* lhs = tile.lhs;
  for (size_t i = 0; i < Rows * kMaxGroupPanels; ++i) {
    _mm512_store_ps(tile.out + i * kBlockColumns, _mm512_setzero_ps());
  }
  for (size_t block = 0; block < shape.blocks; ++block) {
    const size_t rows = block + 1 == shape.blocks ? shape.last_rows : shape.block_rows;
    for (size_t panel = 0; panel < tile.panels; ++panel) {
      const uint8_t* const header = at;
      __m512i sums[Rows][kSets<Bits, Rows>];
      start_sums<Bits, Rows>(tile, block, header, sums);
      at += shape.header_bytes;
      const uint8_t* quads = lhs;
#pragma GCC unroll 1
      for (size_t row = 0; row < rows; ++row) {
        // Two rows wait for memory, which the processor's own prefetching asks soonest.
        if constexpr (Rows > 2) __builtin_prefetch(at + kBlockPrefetchBytes);
        multiply_planes<Bits, 0>(sums, _mm512_loadu_si512(at), quads, tile.lhs_stride);
        at += kBlockRowBytes;
        quads += kDepth<Bits>;
      }
      finish_sums(tile, block, header, sums, tile.out + panel * kBlockColumns);
    }
    lhs += rows * kDepth<Bits>;
  }
}

template <int Bits, int Rows>
OCTAVO_ALWAYS_INLINE void run_rows(const BlockTile& tile) {
  if constexpr (Rows > 1) {
    if (tile.rows < Rows) return run_rows<Bits, Rows - 1>(tile);
    run_tile<Bits, Rows>(tile);
  } else {
    run_one_row<Bits>(tile);
  }
}

}  // namespace

void block_gemm_q2_x86_avx512vnni(const BlockTile& tile) { run_rows<2, 12>(tile); }
void block_gemm_q4_x86_avx512vnni(const BlockTile& tile) { run_rows<4, 12>(tile); }
void block_gemm_q8_x86_avx512vnni(const BlockTile& tile) { run_rows<8, 12>(tile); }

}  // namespace octavo
