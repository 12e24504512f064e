// vpdpbusd adds four u8 x s8 products to each of 16 int32 lanes. A tile keeps MR x 16*NV sums in
// registers; each step of four k loads NV vectors of weights and broadcasts MR words of the left.
#include <immintrin.h>
#include <string.h>

#include "epilogue/epilogue_x86_avx512.h"
#include "gemm/microkernel.h"

#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "compile this file with AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

// Of one vector of columns: more would not find their addresses in registers.
constexpr size_t kMostRows = 12;
// Depth from which the multiplications of large tiles outweigh the writing of their sums.
constexpr size_t kShortDepth = 96;

// Keeps a loaded vector in a register: gcc would fold a broadcast into each vpdpbusd that uses it,
// and four broadcasting loads in the place of one cost a quarter of the speed.
#ifdef OCTAVO_EMULATE
#define OCTAVO_IN_REGISTER(vector) static_cast<void>(vector)
#else
#define OCTAVO_IN_REGISTER(vector) __asm__("" : "+v"(vector))
#endif

inline __m512i broadcast_word(const uint8_t* bytes) {
  int32_t word;
  memcpy(&word, bytes, sizeof(word));
  __m512i vector = _mm512_set1_epi32(word);
  OCTAVO_IN_REGISTER(vector);
  return vector;
}

inline __m512i broadcast_partial_word(const uint8_t* bytes, size_t count) {
  const __mmask16 present = static_cast<__mmask16>((1u << count) - 1u);
  return _mm512_broadcastd_epi32(_mm_maskz_loadu_epi8(present, bytes));
}

// Rows at equal distances: addresses reach four of them from one pointer.
template <int Count>
class Rows {
 public:
  __attribute__((always_inline)) Rows(const uint8_t* first, size_t stride)
      : stride_(stride), three_strides_(3 * stride) {
    // Compilers would work it out anew each time.
    __asm__("" : "+r"(three_strides_));
#pragma GCC unroll 3
    for (int i = 0; i < kPointers; ++i) rows_[i] = first + 4 * i * stride;
  }
  __attribute__((always_inline)) const uint8_t* at(int row) const {
    return rows_[row / 4] + (row % 4 == 3 ? three_strides_ : row % 4 * stride_);
  }
  __attribute__((always_inline)) void advance(size_t bytes) {
#pragma GCC unroll 3
    for (int i = 0; i < kPointers; ++i) {
      rows_[i] += bytes;
      __asm__("" : "+r"(rows_[i]));
    }
  }

 private:
  static constexpr int kPointers = (Count + 3) / 4;
  const uint8_t* rows_[kPointers];
  size_t stride_, three_strides_;
};

// Few sums leave the multipliers waiting for each other: a small tile keeps two sets, of even and
// odd steps.
template <int MR, int NV>
constexpr int sets_of_sums() {
  return MR * NV <= 8 ? 2 : 1;
}

template <int MR, int NV, typename LoadLhs>
__attribute__((always_inline)) inline void step(__m512i (&sums)[MR][NV], const int8_t* weights,
                                                LoadLhs load_lhs) {
  __m512i w[NV];
#pragma GCC unroll 4
  for (int j = 0; j < NV; ++j) {
    w[j] = _mm512_load_si512(weights + 64 * j);
    OCTAVO_IN_REGISTER(w[j]);
  }
#pragma GCC unroll 12
  for (int i = 0; i < MR; ++i) {
    const __m512i a = load_lhs(i);
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) sums[i][j] = _mm512_dpbusd_epi32(sums[i][j], a, w[j]);
  }
}

// What becomes of the sums of rows from `row` on: they are written, or requantized.
struct Sums {
  template <int MR, int NV>
  __attribute__((always_inline)) void write(const Tile& tile, size_t row,
                                            __m512i (&sums)[MR][NV]) const {
    const size_t stride = tile.acc_stride;
    int32_t* const acc = tile.acc + row * stride;
#pragma GCC unroll 12
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) {
        _mm512_storeu_si512(acc + i * stride + kLanes * j, sums[i][j]);
      }
    }
  }
};

struct Bytes {
  template <int MR, int NV>
  __attribute__((always_inline)) void write(const Tile& tile, size_t row,
                                            __m512i (&sums)[MR][NV]) const {
    constexpr int kRows = kRowsOfBytes<NV>;
    // Compilers would take registers for what follows from the sums all along.
#pragma GCC unroll 12
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) OCTAVO_IN_REGISTER(sums[i][j]);
    }
    const ByteRequantizer requantize(epilogue);
    const float* const scales = epilogue.scales;
    const size_t columns = tile.columns, stride = epilogue.out_stride;
    uint8_t* out = static_cast<uint8_t*>(epilogue.out) + row * stride;
#pragma GCC unroll 12
    for (int first = 0; first < MR; first += kRows) {
      __m512i q[4];
#pragma GCC unroll 4
      for (int v = 0; v < 4; ++v) {
        const int i = first + v / NV, j = v % NV;
        if (i < MR && v < kRows * NV) {
          q[v] = requantize.integers(sums[i][j], _mm512_loadu_ps(scales + kLanes * j));
        } else {
          q[v] = q[0];
        }
      }
      const __m512i bytes = requantize.bytes(q[0], q[1], q[2], q[3]);
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i, out += stride) {
        if (first + i < MR) store_row<NV>(out, bytes, i, columns);
      }
    }
  }
  const EpilogueTile& epilogue;
};

template <int MR, int NV, typename Output>
__attribute__((noinline)) void run_tile(const Tile& tile, size_t row, const Output& output) {
  constexpr int kSets = sets_of_sums<MR, NV>();
  constexpr size_t kStepBytes = 64 * NV;
  const size_t init_stride = tile.init_stride;
  const int32_t* const init = tile.init + row * init_stride;
  __m512i sums[kSets][MR][NV];
#pragma GCC unroll 12
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      sums[0][i][j] = _mm512_loadu_si512(init + i * init_stride + kLanes * j);
      if (kSets == 2) sums[kSets - 1][i][j] = _mm512_setzero_si512();
    }
  }

  const size_t stride = tile.lhs_stride;
  Rows<MR> lhs(static_cast<const uint8_t*>(tile.lhs) + row * stride, stride);
  const int8_t* weights = tile.panel;
  size_t steps = tile.depth / 4;
  for (; steps >= 2; steps -= 2, lhs.advance(8), weights += 2 * kStepBytes) {
    step<MR, NV>(sums[0], weights, [&](int i) { return broadcast_word(lhs.at(i)); });
    step<MR, NV>(sums[kSets - 1], weights + kStepBytes,
                 [&](int i) { return broadcast_word(lhs.at(i) + 4); });
  }
  if (steps != 0) {
    step<MR, NV>(sums[0], weights, [&](int i) { return broadcast_word(lhs.at(i)); });
    lhs.advance(4);
    weights += kStepBytes;
  }
  if (const size_t left = tile.depth % 4; left != 0) {
    step<MR, NV>(sums[0], weights, [&](int i) { return broadcast_partial_word(lhs.at(i), left); });
  }

  if constexpr (kSets == 2) {
#pragma GCC unroll 12
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) sums[0][i][j] = _mm512_add_epi32(sums[0][i][j], sums[1][i][j]);
    }
  }
  output.template write<MR, NV>(tile, row, sums[0]);
}

template <int MR, int NV, typename Output>
__attribute__((always_inline)) inline void run_rows(const Tile& tile, size_t row, size_t rows,
                                                    const Output& output) {
  if constexpr (MR > 1) {
    if (rows < MR) return run_rows<MR - 1, NV>(tile, row, rows, output);
  }
  run_tile<MR, NV>(tile, row, output);
}

// Sums fill the registers, except where little is added to each: fewer of them are written while
// the next ones are multiplied already.
template <int NV>
size_t most_rows(size_t depth) {
  return NV == 1 ? kMostRows : NV == 4 && depth <= kShortDepth ? 4 : 6;
}

// Tiles of nearly equal height, as the registers take them.
template <int NV, typename Output>
void run_vectors(const Tile& tile, const Output& output) {
  constexpr int kMax = NV == 1 ? kMostRows : 6;
  const size_t most = most_rows<NV>(tile.depth);
  const size_t tiles = (tile.rows + most - 1) / most;
  const size_t height = tile.rows / tiles, taller = tile.rows % tiles;
  for (size_t index = 0, row = 0; index < tiles; ++index) {
    const size_t rows = height + (index < taller ? 1 : 0);
    run_rows<kMax, NV>(tile, row, rows, output);
    row += rows;
  }
}

template <typename Output>
__attribute__((always_inline)) inline void run(const Tile& tile, const Output& output) {
  switch ((tile.columns + kLanes - 1) / kLanes) {
    case 1:
      return run_vectors<1>(tile, output);
    case 2:
      return run_vectors<2>(tile, output);
    case 3:
      return run_vectors<3>(tile, output);
    default:
      return run_vectors<4>(tile, output);
  }
}

}  // namespace

void gemm_u8s8s32_x86_avx512vnni(const Tile& tile) { run(tile, Sums{}); }

void gemm_u8s8q8_x86_avx512vnni(const Tile& tile, const EpilogueTile& epilogue) {
  run(tile, Bytes{epilogue});
}

}  // namespace octavo
