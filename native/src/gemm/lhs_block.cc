#include "gemm/lhs_block.h"

#include <algorithm>
#include <cstring>

#include "base/aligned_buffer.h"
#include "base/math.h"
#include "cpu/cache.h"

namespace octavo {
namespace {

constexpr size_t kNearBytes = 128 * 1024;
constexpr size_t kMinBlockRows = 48;
// Columns from which it pays to copy rows for the sake of where they lie alone.
constexpr size_t kMinAlignedColumns = 256;
constexpr size_t kPageBytes = 4096;
// Gathered at once where they are not read from there: enough to spread what a call costs.
constexpr size_t kGatheredRows = 16;

// Rows a multiple of a page apart would compete for one set of the first-level cache.
size_t staged_stride(size_t bytes) {
  const size_t stride = std::max<size_t>(1, div_up(bytes, kCacheLine)) * kCacheLine;
  return stride % kPageBytes == 0 ? stride + kCacheLine : stride;
}

// Whether lines of rows are lines of the cache, and those of a tile's rows find room in it
// together.
bool in_cache_lines(const GemmProblem& problem) {
  const bool gathers = problem.gather.run != nullptr;
  const size_t stride = gathers ? problem.rhs->k : problem.lhs_stride;
  const uintptr_t first = gathers ? 0 : reinterpret_cast<uintptr_t>(problem.lhs);
  return (first | stride) % kCacheLine == 0 && stride % kPageBytes != 0;
}

// Nothing else is at `out`: bytes could alias any variable, and then no compiler vectorizes this.
void flip_signs(const uint8_t* row, size_t k, uint8_t* __restrict out) {
  for (size_t i = 0; i < k; ++i) out[i] = row[i] ^ 0x80;
}

}  // namespace

LhsStage::LhsStage(const GemmProblem& problem, const Microkernel& kernel,
                   const PairedKernel* paired)
    : problem_(problem),
      paired_(paired),
      flip_(paired == nullptr && problem.lhs_type != kernel.lhs),
      align_(paired == nullptr && kernel.by_lines && problem.rhs->n >= kMinAlignedColumns &&
             !in_cache_lines(problem)),
      read_as_(paired == nullptr ? kernel.lhs : problem.lhs_type),
      k_(problem.rhs->k),
      stride_(staged_stride(paired == nullptr ? k_ : k_ * sizeof(int16_t))),
      block_rows_(problem.m) {
  // Gathered rows are dense where nothing else is done to them.
  if (paired == nullptr && !flip_ && !align_ && problem.gather.run != nullptr) stride_ = k_;
  if (problem.image != nullptr) {
    block_rows_ = std::min(problem.m, problem.image->rows_at_once());
  } else if (copies() || kernel.by_lines) {
    const size_t fitting = div_up(block_bytes(), std::max<size_t>(1, stride_));
    const size_t rows = std::max(kMinBlockRows, div_up(fitting, kGatheredRows) * kGatheredRows);
    block_rows_ = std::min(problem.m, rows);
  }
}

// Rows stay in the second-level cache while panels from beyond it pass by. Where those stay in it
// as well, copies of few rows at a time are nearer yet; but each block of pairs copies all panels.
// (Rows that a kernel reads four bytes at a time, where they are, stream from anywhere.)
size_t LhsStage::block_bytes() const {
  const size_t cache = second_level_cache();
  const bool panels_stay = CheckedSize(k_).times(problem_.rhs->n).value() <= cache / 4;
  return panels_stay && paired_ == nullptr && copies() ? kNearBytes : cache / 2;
}

size_t LhsStage::bytes(size_t rows) const {
  if (!copies()) return 0;
  // Gathered rows pass through bytes of their own.
  const size_t gathered = CheckedSize(kGatheredRows).times(k_).value();
  return CheckedSize(rows).times(stride_).plus(staged_stride(gathered)).value();
}

LhsBlock LhsStage::source_rows(size_t first, size_t count, uint8_t* memory) const {
  if (problem_.gather.run == nullptr) {
    const uint8_t* rows = static_cast<const uint8_t*>(problem_.lhs) + first * problem_.lhs_stride;
    return {rows, problem_.lhs_stride};
  }
  problem_.gather.run(problem_.gather.context, first, count, memory);
  return {memory, k_};
}

template <typename Use>
void LhsStage::for_each_source_row(size_t first, size_t count, uint8_t* memory,
                                   const Use& use) const {
  for (size_t done = 0; done < count; done += kGatheredRows) {
    const size_t some = std::min(kGatheredRows, count - done);
    const LhsBlock source = source_rows(first + done, some, memory);
    for (size_t i = 0; i < some; ++i) use(source.rows + i * source.stride, done + i);
  }
}

LhsBlock LhsStage::load(size_t first, size_t count, uint8_t* memory, int32_t* terms,
                        uint32_t* sums) const {
  if (paired_ != nullptr) return load_pairs(first, count, memory, terms, sums);
  LhsBlock block{memory, stride_};
  if (!copies()) {
    block = source_rows(first, count, nullptr);
  } else if (!flip_ && !align_) {
    problem_.gather.run(problem_.gather.context, first, count, memory);
  } else {
    for_each_source_row(first, count, memory + count * stride_, [&](const uint8_t* row, size_t i) {
      uint8_t* const out = memory + i * stride_;
      if (flip_) {
        flip_signs(row, k_, out);
      } else {
        std::memcpy(out, row, k_);
      }
    });
  }
  if (sums == nullptr) return block;
  for (size_t i = 0; i < count; ++i) sums[i] = row_sum(block.rows + i * block.stride, k_, read_as_);
  return block;
}

LhsBlock LhsStage::load_pairs(size_t first, size_t count, uint8_t* memory, int32_t* terms,
                              uint32_t* sums) const {
  const bool is_signed = read_as_ == OCTAVO_S8;
  for_each_source_row(first, count, memory + count * stride_, [&](const uint8_t* row, size_t i) {
    terms[i] =
        paired_->copy_row(row, k_, is_signed, reinterpret_cast<int16_t*>(memory + i * stride_));
    if (sums != nullptr) sums[i] = row_sum(row, k_, read_as_);
  });
  return {memory, stride_};
}

uint32_t row_sum(const uint8_t* row, size_t k, octavo_type type) {
  uint32_t sum = 0;
  for (size_t i = 0; i < k; ++i) sum += row[i] ^ (type == OCTAVO_S8 ? 0x80u : 0x00u);
  return type == OCTAVO_S8 ? sum - 128u * static_cast<uint32_t>(k) : sum;
}

}  // namespace octavo
