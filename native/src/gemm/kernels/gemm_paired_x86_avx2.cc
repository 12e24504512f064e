// vpmaddwd runs on two of the four vector ports of Zen 3 and vpaddd beside it on what is left: two
// of each for 32 products reach 160 GOPS, one vpmaddwd and three additions 200. Intel's cores since
// Golden Cove have three such ports, two of them for vpmaddwd: four instructions for 32 products
// take four thirds of a cycle either way, three quarters of what vpmaddwd alone would allow.
#include <immintrin.h>
#include <string.h>

#include "gemm/paired_kernel.h"

#if !defined(__AVX2__)
#error "compile this file with AVX2"
#endif

namespace octavo {
namespace {

constexpr int kLanes = 8;
constexpr size_t kMinRows = 8;
constexpr size_t kMinColumns = 33;
constexpr size_t kRows = 4;
constexpr size_t kRowChunk = 16;
constexpr size_t kPlanePixels = 8;

// Has a vector in a register here: gcc would load it again for each use, or begin the next rows
// while it lacks registers for them.
#define OCTAVO_IN_REGISTER(vector) __asm__ volatile("" : "+x"(vector))

inline __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

inline void store(void* p, __m256i vector) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), vector);
}

inline __m256i broadcast_pair(const int16_t* pair) {
  int32_t word;
  memcpy(&word, pair, sizeof(word));
  return _mm256_set1_epi32(word);
}

inline __m256i widen(__m128i bytes, bool is_signed) {
  return is_signed ? _mm256_cvtepi8_epi16(bytes) : _mm256_cvtepu8_epi16(bytes);
}

// Writes 16 elements and returns eight partial sums of products of neighbours.
inline __m256i copy_chunk(__m128i bytes, bool is_signed, int16_t* copy) {
  const __m256i wide = widen(bytes, is_signed);
  constexpr int kEvenThenOdd = 0xD8;
  store(copy, _mm256_shufflehi_epi16(_mm256_shufflelo_epi16(wide, kEvenThenOdd), kEvenThenOdd));
  // One product a lane: the other factor is 0.
  return _mm256_madd_epi16(wide, _mm256_srli_epi32(wide, 16));
}

int32_t sum_of_lanes(__m256i sums) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  four = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 1)));
}

// The last bytes come first, before there are sums that a call of memcpy would spill.
int32_t copy_row(const uint8_t* row, size_t k, bool is_signed, int16_t* copy) {
  __m256i sums = _mm256_setzero_si256();
  const size_t whole = k / kRowChunk * kRowChunk;
  if (whole < k) {
    void* last = copy + whole;
    memset(last, 0, kRowChunk);
    memcpy(last, row + whole, k - whole);
    sums = copy_chunk(_mm_loadu_si128(static_cast<const __m128i*>(last)), is_signed, copy + whole);
  }
  for (size_t at = 0; at < whole; at += kRowChunk) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + at));
    sums = _mm256_add_epi32(sums, copy_chunk(bytes, is_signed, copy + at));
  }
  return sum_of_lanes(sums);
}

// Pixels of three bytes, four at a time: 16 bytes are read for the 12 that count.
size_t copy_triples(const uint8_t* pixels, size_t count, bool is_signed, int16_t* copies,
                    int32_t* terms) {
  constexpr char z = -1;
  const __m128i places = _mm_setr_epi8(0, 2, 1, z, 3, 5, 4, z, 6, 8, 7, z, 9, 11, 10, z);
  const __m128i factors = _mm_setr_epi8(1, z, z, z, 4, z, z, z, 7, z, z, z, 10, z, z, z);
  const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
  size_t done = 0;
  for (; done + 6 <= count; done += 4) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels + 3 * done));
    const __m128i values = _mm_shuffle_epi8(bytes, places);
    const __m128i others = _mm_shuffle_epi8(bytes, factors);
    const __m256i wide = widen(values, is_signed), factor = widen(others, is_signed);
    store(copies + 4 * done, wide);
    const __m256i products = _mm256_permutevar8x32_epi32(_mm256_madd_epi16(wide, factor), even);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(terms + done), _mm256_castsi256_si128(products));
  }
  return done;
}

void copy_pixels(const uint8_t* pixels, size_t count, size_t k, bool is_signed, int16_t* copies,
                 int32_t* terms) {
  const size_t stride = paired_channels(k);
  size_t i = k == 3 ? copy_triples(pixels, count, is_signed, copies, terms) : 0;
  for (; i < count; ++i) terms[i] = copy_row(pixels + i * k, k, is_signed, copies + i * stride);
}

// Eight pixels; planes from `k` on are zeros.
void copy_plane_pixels(const uint8_t* planes, size_t stride, size_t k, bool is_signed,
                       int16_t* copies, int32_t* terms) {
  const auto plane = [&](size_t c) {
    if (c >= k) return _mm_setzero_si128();
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(planes + c * stride));
  };
  const __m128i even = _mm_unpacklo_epi8(plane(0), plane(2));
  const __m128i odd = _mm_unpacklo_epi8(plane(1), plane(3));
  store(copies, widen(_mm_unpacklo_epi16(even, odd), is_signed));
  store(copies + 4 * kPlanePixels / 2, widen(_mm_unpackhi_epi16(even, odd), is_signed));
  store(terms, _mm256_madd_epi16(widen(even, is_signed), widen(odd, is_signed)));
}

int32_t copy_plane_pixel(const uint8_t* planes, size_t stride, size_t k, bool is_signed,
                         int16_t* copy) {
  const auto value = [&](size_t c) -> int32_t {
    if (c >= k) return 0;
    return is_signed ? static_cast<int8_t>(planes[c * stride]) : planes[c * stride];
  };
  for (size_t c = 0; c < kPairedPlanes; ++c)
    copy[c] = static_cast<int16_t>(value(c % 2 * 2 + c / 2));
  return value(0) * value(1) + value(2) * value(3);
}

// The last pixels are copied once more where they fill no vector of their own.
void copy_planes(const uint8_t* planes, size_t stride, size_t count, size_t k, bool is_signed,
                 int16_t* copies, int32_t* terms) {
  if (count < kPlanePixels) {
    for (size_t i = 0; i < count; ++i) {
      terms[i] = copy_plane_pixel(planes + i, stride, k, is_signed, copies + 4 * i);
    }
    return;
  }
  for (size_t i = 0; i < count; i += kPlanePixels) {
    const size_t at = i + kPlanePixels <= count ? i : count - kPlanePixels;
    copy_plane_pixels(planes + at, stride, k, is_signed, copies + 4 * at, terms + at);
  }
}

void copy_panel(const int8_t* panel, size_t columns, size_t steps, int16_t* copy, int32_t* terms) {
  const size_t vectors = columns / kLanes;
  for (size_t j = 0; j < vectors; ++j) {
    __m256i sums = _mm256_setzero_si256();
    const int8_t* bytes = panel + 4 * kLanes * j;
    int16_t* out = copy + 4 * kLanes * j;
    for (size_t step = 0; step < steps; ++step) {
      const __m256i four = load(bytes);
      const __m256i odd = _mm256_srai_epi16(four, 8);
      const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(four, 8), 8);
      store(out, odd);
      store(out + 2 * kLanes, even);
      sums = _mm256_add_epi32(sums, _mm256_madd_epi16(even, odd));
      bytes += 4 * columns;
      out += 4 * columns;
    }
    store(terms + kLanes * j, sums);
  }
}

template <int MR, int NV>
__attribute__((always_inline)) inline void step(__m256i (&sums)[MR][NV], const int16_t* lhs,
                                                size_t stride, const int16_t* panel) {
  __m256i odd[NV], even[NV];
#pragma GCC unroll 2
  for (int j = 0; j < NV; ++j) {
    odd[j] = load(panel + 4 * kLanes * j);
    even[j] = load(panel + 4 * kLanes * j + 2 * kLanes);
    OCTAVO_IN_REGISTER(odd[j]);
    OCTAVO_IN_REGISTER(even[j]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
    __m256i first = broadcast_pair(lhs + i * stride);
    __m256i second = broadcast_pair(lhs + i * stride + 2);
    OCTAVO_IN_REGISTER(first);
    OCTAVO_IN_REGISTER(second);
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      const __m256i products =
          _mm256_madd_epi16(_mm256_add_epi16(first, odd[j]), _mm256_add_epi16(second, even[j]));
      sums[i][j] = _mm256_add_epi32(sums[i][j], products);
      OCTAVO_IN_REGISTER(sums[i][j]);
    }
  }
}

template <int MR, int NV>
void run_tile(const PairedTile& tile) {
  __m256i sums[MR][NV];
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) sums[i][j] = load(tile.init + i * tile.init_stride + kLanes * j);
  }
  const size_t stride = tile.lhs_stride;
  const int16_t* panel = tile.panel;
  const int16_t* line = tile.lhs;
  for (size_t lines = tile.window.lines; lines != 0; --lines, line += tile.window.line_distance) {
    const int16_t* run = line;
    for (size_t runs = tile.window.runs; runs != 0; --runs, run += tile.window.run_distance) {
      const int16_t* lhs = run;
      for (size_t left = tile.window.steps; left != 0; --left, lhs += 4, panel += 4 * kLanes * NV) {
        step<MR, NV>(sums, lhs, stride, panel);
      }
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
    const __m256i term = _mm256_set1_epi32(tile.row_terms[i]);
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      store(tile.acc + i * tile.acc_stride + kLanes * j, _mm256_sub_epi32(sums[i][j], term));
    }
  }
}

template <int NV>
void run_rows(const PairedTile& tile) {
  switch (tile.rows) {
    case 1:
      return run_tile<1, NV>(tile);
    case 2:
      return run_tile<2, NV>(tile);
    case 3:
      return run_tile<3, NV>(tile);
    default:
      return run_tile<4, NV>(tile);
  }
}

// Tiles of nearly equal height: a last tile of one row would run at a fraction of the speed.
void run(const PairedTile& all) {
  const size_t tiles = (all.rows + kRows - 1) / kRows;
  const size_t height = all.rows / tiles, taller = all.rows % tiles;
  PairedTile tile = all;
  for (size_t i = 0; i < tiles; ++i) {
    tile.rows = height + (i < taller ? 1 : 0);
    if (tile.columns <= kLanes) {
      run_rows<1>(tile);
    } else {
      run_rows<2>(tile);
    }
    tile.lhs += tile.rows * tile.lhs_stride;
    tile.init += tile.rows * tile.init_stride;
    tile.row_terms += tile.rows;
    tile.acc += tile.rows * tile.acc_stride;
  }
}

}  // namespace

const PairedKernel gemm_paired_x86_avx2 = {kMinRows,    kMinColumns, copy_row, copy_pixels,
                                           copy_planes, copy_panel,  run};

}  // namespace octavo
