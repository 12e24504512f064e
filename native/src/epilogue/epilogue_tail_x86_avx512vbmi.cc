// Tables, with or without a residual, in registers.
#include "epilogue/epilogue_x86_avx512.h"
#include "quantize/byte_registers_x86_avx512vbmi.h"

namespace octavo {
namespace {

constexpr size_t kChunk = 64;  // columns that are looked up at once

// Bytes of either sign as integers: int8 values become uint8 ones 128 higher, and lose that again.
struct Widen {
  explicit Widen(bool is_signed)
      : flip(_mm_set1_epi8(static_cast<char>(is_signed ? 0x80 : 0))),
        above(_mm512_set1_epi32(is_signed ? 128 : 0)) {}
  __m512i operator()(__m128i bytes) const {
    return _mm512_sub_epi32(_mm512_cvtepu8_epi32(_mm_xor_si128(bytes, flip)), above);
  }
  __m128i flip;
  __m512i above;
};

template <bool kResidualFirst>
struct Sum {
  explicit Sum(const EpilogueTail& tail)
      : widen(tail.residual_is_signed),
        ratio(_mm512_set1_ps(tail.ratio)),
        residual_ratio(_mm512_set1_ps(tail.residual_ratio)),
        offset(_mm512_set1_ps(tail.offset)),
        low(_mm512_set1_ps(static_cast<float>(tail.clamp_min))),
        high(_mm512_set1_ps(static_cast<float>(tail.clamp_max))) {}

  __m128i operator()(__m512i q, __m128i residual) const {
    const __m512 r = _mm512_cvtepi32_ps(widen(residual)), value = _mm512_cvtepi32_ps(q);
    const __m512 y =
        kResidualFirst
            ? _mm512_fmadd_ps(r, residual_ratio, _mm512_fmadd_ps(value, ratio, offset))
            : _mm512_fmadd_ps(value, ratio, _mm512_fmadd_ps(r, residual_ratio, offset));
    return _mm512_cvtepi32_epi8(clamped(y, low, high));
  }

  Widen widen;
  __m512 ratio, residual_ratio, offset, low, high;
};

// One row of a tile, in variables that no output can alias.
struct Row {
  const int32_t* acc;
  const float* scales;
  const uint8_t* residual;
  uint8_t* out;
};

template <typename Sum, typename Lanes>
inline void add(const Requantizer& requantize, const Sum& sum, const Row& row, size_t j,
                const Lanes& lanes) {
  const __m512i q = requantize(row.acc + j, row.scales + j, lanes);
  lanes.store(row.out + j, sum(q, lanes.load(row.residual + j)));
}

// The lanes of each quarter of a chunk.
struct WholeChunk {
  AllLanes quarter(int) const { return {}; }
  void store(uint8_t* p, __m512i bytes) const { _mm512_storeu_si512(p, bytes); }
};

struct PartOfChunk {
  explicit PartOfChunk(size_t columns) : bytes((1ull << columns) - 1ull) {}
  SomeLanes quarter(int q) const { return {static_cast<__mmask16>(bytes >> (16 * q))}; }
  void store(uint8_t* p, __m512i y) const { _mm512_mask_storeu_epi8(p, bytes, y); }
  __mmask64 bytes;
};

template <typename Chunk>
inline __m512i look_up(const ByteRequantizer& requantize, const ByteRegisters& table,
                       const Row& row, size_t j, const Chunk& chunk) {
  const auto quarter = [&](int q) __attribute__((always_inline)) {
    const auto lanes = chunk.quarter(q);
    const size_t at = j + kLanes * static_cast<size_t>(q);
    return requantize.integers(lanes.load(row.acc + at), lanes.load(row.scales + at));
  };
  return table(requantize.bytes(quarter(0), quarter(1), quarter(2), quarter(3)));
}

template <int kQuarter, typename Sum, typename Chunk>
inline void add_quarter(__m512i bytes, const Widen& widen, const Sum& sum, const Row& row, size_t j,
                        const Chunk& chunk) {
  const auto lanes = chunk.quarter(kQuarter);
  const size_t at = j + kLanes * kQuarter;
  const __m512i q = widen(_mm512_extracti32x4_epi32(bytes, kQuarter));
  lanes.store(row.out + at, sum(q, lanes.load(row.residual + at)));
}

template <typename Sum>
struct AddResidual {
  explicit AddResidual(const EpilogueTile& tile) : requantize(tile), sum(tile.tail) {}

  void row(const Row& row, size_t columns) const {
    const size_t left = columns % kLanes, whole = columns - left;
    for (size_t j = 0; j < whole; j += kLanes) add(requantize, sum, row, j, AllLanes{});
    if (left == 0) return;
    add(requantize, sum, row, whole, SomeLanes{static_cast<__mmask16>((1u << left) - 1u)});
  }

  Requantizer requantize;
  Sum sum;
};

template <typename Finish>
inline void for_each_chunk(size_t columns, const Finish finish) {
  const size_t left = columns % kChunk, whole = columns - left;
  for (size_t j = 0; j < whole; j += kChunk) finish(j, WholeChunk{});
  if (left != 0) finish(whole, PartOfChunk(left));
}

struct LookUp {
  explicit LookUp(const EpilogueTile& tile) : requantize(tile), table(tile.tail.table) {}

  void row(const Row& row, size_t columns) const {
    for_each_chunk(columns, [&](size_t j, const auto& chunk) __attribute__((always_inline)) {
      chunk.store(row.out + j, look_up(requantize, table, row, j, chunk));
    });
  }

  ByteRequantizer requantize;
  ByteRegisters table;
};

template <typename Sum>
struct LookUpAndAdd {
  explicit LookUpAndAdd(const EpilogueTile& tile)
      : requantize(tile), table(tile.tail.table), widen(tile.tail.is_signed), sum(tile.tail) {}

  void row(const Row& row, size_t columns) const {
    for_each_chunk(columns, [&](size_t j, const auto& chunk) __attribute__((always_inline)) {
      const __m512i bytes = look_up(requantize, table, row, j, chunk);
      add_quarter<0>(bytes, widen, sum, row, j, chunk);
      add_quarter<1>(bytes, widen, sum, row, j, chunk);
      add_quarter<2>(bytes, widen, sum, row, j, chunk);
      add_quarter<3>(bytes, widen, sum, row, j, chunk);
    });
  }

  ByteRequantizer requantize;
  ByteRegisters table;
  Widen widen;
  Sum sum;
};

template <typename Finish>
void for_each_row(const EpilogueTile& tile) {
  const Finish finish(tile);
  const size_t columns = tile.columns, acc_stride = tile.acc_stride, out_stride = tile.out_stride;
  const size_t residual_stride = tile.tail.residual_stride;
  Row row{tile.acc, tile.scales, tile.tail.residual, static_cast<uint8_t*>(tile.out)};
  for (size_t i = tile.rows; i > 0; --i) {
    finish.row(row, columns);
    row.acc += acc_stride;
    row.out += out_stride;
    if (row.residual != nullptr) row.residual += residual_stride;
  }
}

template <bool kResidualFirst>
void add_residual(const EpilogueTile& tile) {
  if (tile.tail.table == nullptr) return for_each_row<AddResidual<Sum<kResidualFirst>>>(tile);
  for_each_row<LookUpAndAdd<Sum<kResidualFirst>>>(tile);
}

}  // namespace

void epilogue_q8_tail_x86_avx512vbmi(const EpilogueTile& tile) {
  if (tile.tail.residual == nullptr) return for_each_row<LookUp>(tile);
  if (tile.tail.residual_comes_first) return add_residual<true>(tile);
  add_residual<false>(tile);
}

}  // namespace octavo
