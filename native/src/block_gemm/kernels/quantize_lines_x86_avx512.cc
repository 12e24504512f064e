// Quantizes rows a cache line of bytes at a time, 16 blocks behind the measuring of others: loads
// come so steadily that the processor's own prefetching keeps up with them.
#include "block_gemm/block_kernels.h"
#include "block_gemm/kernels/sixteen_blocks.h"

namespace octavo {
namespace {

constexpr size_t kLine = 4 * kLanes;

// Where a block begins.
struct Place {
  const float* x;
  int8_t* q;
  size_t left;  // numbers of the row from here on
};

// From row to row, between a row's end and the next.
struct Gaps {
  explicit Gaps(const RowQuantization& rows)
      : count(rows.count), x(gap(rows.x_stride, rows.count)), q(gap(rows.q_stride, rows.count)) {}

  OCTAVO_ALWAYS_INLINE void advance(Place& at, size_t size) const {
    at.x += size;
    at.q += size;
    at.left -= size;
    if (at.left != 0) return;
    at.x += x;
    at.q += q;
    at.left = count;
  }

  // A single row has no next one, nor need it have a stride.
  static ptrdiff_t gap(size_t stride, size_t count) {
    return static_cast<ptrdiff_t>(stride) - static_cast<ptrdiff_t>(count);
  }

  size_t count;
  ptrdiff_t x, q;
};

// Apart from its caller, since compilers write all of it there as if they spilled.
__attribute__((noinline)) void begin(const RowQuantization& rows, Place& at) {
  at = {rows.x, rows.q, rows.count};
}

OCTAVO_ALWAYS_INLINE __m512i highest_of_half(const float* x) {
  const __m512i magnitude = _mm512_set1_epi32(INT32_MAX);
  const __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + kLanes);
  return highest(_mm512_and_si512(_mm512_castps_si512(a), magnitude),
                 _mm512_and_si512(_mm512_castps_si512(b), magnitude));
}

// The halves have scales of their own or the same.
OCTAVO_ALWAYS_INLINE void quantize_line(const Exact& lower, const Exact& upper, const float* x,
                                        int8_t* q, __m512i flip) {
  const __m512i a = lower(_mm512_loadu_ps(x)), b = lower(_mm512_loadu_ps(x + kLanes));
  const __m512i c = upper(_mm512_loadu_ps(x + 2 * kLanes));
  const __m512i d = upper(_mm512_loadu_ps(x + 3 * kLanes));
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i packed = _mm512_packs_epi16(_mm512_packs_epi32(a, b), _mm512_packs_epi32(c, d));
  _mm512_storeu_si512(q, _mm512_xor_si512(_mm512_permutexvar_epi32(order, packed), flip));
}

// Quantizes a line of two blocks by scales that were found before, and measures one.
template <bool Quantizes, bool Measures>
OCTAVO_ALWAYS_INLINE void pass_pair(const Place& last, const Blocks& scales, const Place& next,
                                    Blocks& found, size_t block, __m512i flip) {
  if constexpr (Measures) {
    _mm512_store_si512(found.partial[block], highest_of_half(next.x));
    _mm512_store_si512(found.partial[block + 1], highest_of_half(next.x + kLine / 2));
  }
  if constexpr (Quantizes) {
    quantize_line(Exact(scales, block), Exact(scales, block + 1), last.x, last.q, flip);
  }
}

// Quantizes the lines of a block likewise.
template <bool Quantizes, bool Measures>
OCTAVO_ALWAYS_INLINE void pass_block(const Place& last, const Blocks& scales, const Place& next,
                                     Blocks& found, size_t block, size_t size, __m512i flip) {
  const Exact quotient(scales, block);
  __m512i most = _mm512_setzero_si512();
  for (size_t i = 0; i < size; i += kLine) {
    if constexpr (Measures) {
      most = highest(most, highest_of_half(next.x + i));
      most = highest(most, highest_of_half(next.x + i + kLine / 2));
    }
    if constexpr (Quantizes) quantize_line(quotient, quotient, last.x + i, last.q + i, flip);
  }
  if constexpr (Measures) _mm512_store_si512(found.partial[block], most);
}

// Blocks [first, end) of those that `scales` belong to and of those whose scales are to be found.
template <bool Pairs, bool Quantizes, bool Measures>
OCTAVO_ALWAYS_INLINE void pass(const RowQuantization& rows, Place& last, const Blocks& scales,
                               Place& next, Blocks& found, size_t first, size_t end) {
  const size_t size = Pairs ? kLine : rows.block_size;
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(rows.flip));
  // In registers: what is stored might be these.
  const Gaps gaps(rows);
  Place from = last, to = next;
  for (size_t block = first; block < end; block += Pairs ? 2 : 1) {
    if constexpr (Pairs) {
      pass_pair<Quantizes, Measures>(from, scales, to, found, block, flip);
    } else {
      pass_block<Quantizes, Measures>(from, scales, to, found, block, size, flip);
    }
    if constexpr (Quantizes) gaps.advance(from, size);
    if constexpr (Measures) gaps.advance(to, size);
  }
  if constexpr (Quantizes) last = from;
  if constexpr (Measures) next = to;
}

template <bool Pairs>
__attribute__((noinline)) void measure(const RowQuantization& rows, Place& next, Blocks& found,
                                       size_t count, float* scales) {
  pass<Pairs, false, true>(rows, next, found, next, found, 0, count);
  if (count != 0) finish_scales(found, count, scales);
}

// Quantizes what `scales` belong to, and measures no more blocks than those.
template <bool Pairs>
__attribute__((noinline)) void quantize_and_measure(const RowQuantization& rows, Place& last,
                                                    const Blocks& scales, size_t quantized,
                                                    Place& next, Blocks& found, size_t measured,
                                                    float* found_scales) {
  pass<Pairs, true, true>(rows, last, scales, next, found, 0, measured);
  pass<Pairs, true, false>(rows, last, scales, next, found, measured, quantized);
  if (measured != 0) finish_scales(found, measured, found_scales);
}

// Scales of blocks that were measured by others. What is read beyond them does not matter.
__attribute__((noinline)) void find(const int32_t (*found)[kLanes], Blocks& blocks, size_t count,
                                    float* scales) {
  const __mmask16 used = first_lanes(count);
  blocks.used = used;
  blocks.exact = find_scales(blocks, found) & used;
  _mm512_mask_storeu_ps(scales, used, _mm512_load_ps(blocks.scales));
}

__attribute__((noinline)) void quantize(const RowQuantization& rows, Place& last,
                                        const Blocks& scales, Blocks& none, size_t count) {
  pass<false, true, false>(rows, last, scales, last, none, 0, count);
}

// Blocks some of which need a division.
__attribute__((noinline)) void quantize_apart(const RowQuantization& rows, Place& last,
                                              const Blocks& scales, size_t count) {
  for (size_t block = 0; block < count; ++block) {
    quantize_block<false>(scales, block, (scales.exact >> block & 1) != 0, last.x,
                          rows.block_size, last.q, rows.flip);
    Gaps(rows).advance(last, rows.block_size);
  }
}

size_t at_most_a_group(size_t blocks) { return blocks < kLanes ? blocks : kLanes; }

template <bool Pairs>
void quantize_rows(const RowQuantization& rows) {
  size_t left = rows.rows * (rows.count / rows.block_size), count = at_most_a_group(left);
  Place last, next;
  begin(rows, last);
  begin(rows, next);
  Blocks blocks[2] = {};
  float* scales = rows.scales;
  measure<Pairs>(rows, next, blocks[0], count, scales);
  for (size_t turn = 0; left != 0; turn ^= 1) {
    const Blocks& found = blocks[turn];
    Blocks& coming = blocks[turn ^ 1];
    left -= count;
    scales += count;
    const size_t following = at_most_a_group(left);
    if (found.exact == found.used) {
      quantize_and_measure<Pairs>(rows, last, found, count, next, coming, following, scales);
    } else {
      measure<Pairs>(rows, next, coming, following, scales);
      quantize_apart(rows, last, found, count);
    }
    count = following;
  }
}

// Rows whose blocks have been measured.
void quantize_measured_rows(const RowQuantization& rows) {
  const size_t total = rows.rows * (rows.count / rows.block_size);
  Place last;
  begin(rows, last);
  Blocks blocks[2];
  find(rows.found, blocks[0], at_most_a_group(total), rows.scales);
  for (size_t at = 0, turn = 0; at < total; at += kLanes, turn ^= 1) {
    Blocks &now = blocks[turn], &coming = blocks[turn ^ 1];
    const size_t next = at + kLanes;
    if (next < total) {
      find(rows.found + next, coming, at_most_a_group(total - next), rows.scales + next);
    }
    if (now.exact == now.used) {
      quantize(rows, last, now, coming, at_most_a_group(total - at));
    } else {
      quantize_apart(rows, last, now, at_most_a_group(total - at));
    }
  }
}

}  // namespace

void quantize_lines_x86_avx512(const RowQuantization& rows) {
  if (rows.block_size < kLine) return quantize_rows<true>(rows);
  if (rows.found != nullptr) return quantize_measured_rows(rows);
  quantize_rows<false>(rows);
}

}  // namespace octavo
