// Quantizes rows of any blocks, 16 of a row at a time.
#include "block_gemm/block_kernels.h"
#include "block_gemm/kernels/sixteen_blocks.h"

namespace octavo {
namespace {

// Where at most 16 blocks of a row begin. It fits registers: compilers write more than that to
// memory as if they spilled.
struct Position {
  size_t row, begin;
};

OCTAVO_ALWAYS_INLINE Position after(Position at, size_t blocks) {
  if (at.begin + kLanes < blocks) return {at.row, at.begin + kLanes};
  return {at.row + 1, 0};
}

// What becomes of these blocks is apart from its caller, since compilers write `Blocks` there as if
// they spilled.
struct Group {
  Group(const RowQuantization& rows, Position at)
      : size(rows.block_size),
        total(rows.count - at.begin * size < kLanes * size ? rows.count - at.begin * size
                                                           : kLanes * size),
        from(rows.x + at.row * rows.x_stride + at.begin * size),
        to(rows.q + at.row * rows.q_stride + at.begin * size) {}
  size_t count(size_t first) const { return total - first < size ? total - first : size; }

  size_t size;
  size_t total;
  const float* from;
  int8_t* to;
};

// Writes the scales; `index` is that of the first block among all rows'.
__attribute__((noinline)) void measure_blocks(const RowQuantization& rows, Position at,
                                              size_t index, Blocks& blocks) {
  const Group group(rows, at);
  size_t block = 0;
  for (size_t first = 0; first < group.total; first += group.size, ++block) {
    const size_t count = group.count(first);
    const float* const x = group.from + first;
    const __m512i most = count == kUsualSize ? highest_magnitudes(x, kUsualSize)
                                             : highest_magnitudes(x, count);
    _mm512_store_si512(blocks.partial[block], most);
  }
  finish_scales(blocks, block, rows.scales + index);
}

template <bool Sums>
__attribute__((noinline)) void quantize_blocks(const RowQuantization& rows, Position at,
                                               size_t index, Blocks& blocks) {
  const Group group(rows, at);
  size_t block = 0;
  for (size_t first = 0; first < group.total; first += group.size, ++block) {
    const __m512i sums = quantize_block<Sums>(blocks, block, (blocks.exact >> block & 1) != 0,
                                              group.from + first, group.count(first),
                                              group.to + first, rows.flip);
    if constexpr (Sums) _mm512_store_si512(blocks.partial[block], sums);
  }
  if constexpr (Sums) {
    const __m512i factor = _mm512_set1_epi32(static_cast<int32_t>(0u - rows.factor));
    const __m512i sums = reduce<kLanes, sum>(blocks.partial);
    _mm512_mask_storeu_epi32(rows.offsets + index, static_cast<__mmask16>(blocks.used),
                             _mm512_mullo_epi32(sums, factor));
  }
}

bool are_whole_lines(const RowQuantization& rows) {
  constexpr size_t kLine = 4 * kLanes;
  if (rows.offsets != nullptr || rows.count % kLine != 0) return false;
  if (rows.block_size == kLine / 2) return true;
  return rows.block_size % kLine == 0 && rows.count % rows.block_size == 0;
}

// The next blocks are measured before the last ones are quantized: a scale is the end of a chain of
// slow steps, and what waits for it fills the processor.
template <bool Sums>
OCTAVO_ALWAYS_INLINE void quantize_rows(const RowQuantization& rows) {
  if (rows.count == 0 || rows.rows == 0) return;
  const size_t blocks = (rows.count + rows.block_size - 1) / rows.block_size;
  Blocks measured[2];
  Position last{0, 0};
  measure_blocks(rows, last, 0, measured[0]);
  for (size_t turn = 0; last.row < rows.rows; turn ^= 1) {
    const Position next = after(last, blocks);
    if (next.row < rows.rows) {
      measure_blocks(rows, next, next.row * blocks + next.begin, measured[turn ^ 1]);
    }
    quantize_blocks<Sums>(rows, last, last.row * blocks + last.begin, measured[turn]);
    last = next;
  }
}

}  // namespace

void quantize_blocks_x86_avx512(const RowQuantization& rows) {
  if (are_whole_lines(rows)) return quantize_lines_x86_avx512(rows);
  if (rows.offsets == nullptr) return quantize_rows<false>(rows);
  quantize_rows<true>(rows);
}

}  // namespace octavo
