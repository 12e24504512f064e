// The largest or smallest elements along one axis, in order, and where they are; of equal elements
// the one with the lower index comes first. Operands: input ([outer][size][inner]), values
// ([outer][k][inner]) or none, int64 indices (as the values) or none. Words: element type (as in
// elementwise/element.h), outer, size, inner, k (at most size), whether the largest are wanted.
// What is no number counts as larger than any.
#include <algorithm>
#include <bit>
#include <limits>

#include "program/element_reader.h"
#include "threading/failure.h"
#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

// Elements that are looked at together before each is ranked.
constexpr size_t kBlock = 32;
// Of entries: threads keep memory of that size from run to run, not more.
constexpr size_t kKeptBytes = size_t{1} << 20;

// An element as it is compared: entries that come first are less, and no two are equal.
struct Entry {
  uint64_t rank;
  uint64_t index;
  bool operator<(const Entry& other) const {
    return rank != other.rank ? rank < other.rank : index < other.index;
  }
};
// Rank and index of an element of up to 32 bits in one number. Words have 31 bits for an axis.
using NarrowEntry = uint64_t;

Entry entry_of(uint64_t rank, size_t index) { return {rank, index}; }
NarrowEntry entry_of(uint32_t rank, size_t index) { return uint64_t{rank} << 32 | index; }
size_t index_of(const Entry& entry) { return static_cast<size_t>(entry.index); }
size_t index_of(NarrowEntry entry) { return static_cast<size_t>(entry & UINT32_MAX); }

// Unsigned numbers in the order of the elements.
uint32_t ascending(uint8_t x) { return x; }
uint32_t ascending(int32_t x) { return static_cast<uint32_t>(x) ^ 0x80000000u; }
uint64_t ascending(int64_t x) { return static_cast<uint64_t>(x) ^ uint64_t{1} << 63; }
uint32_t ascending(float x) {
  if (x != x) return UINT32_MAX;
  // The sum makes -0 equal to 0.
  const uint32_t bits = std::bit_cast<uint32_t>(x + 0.0f);
  return bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
}

// Keeps the first `k` of the entries that it is offered, in `room` places, more than k.
template <typename E>
class Selection {
 public:
  Selection(E* entries, size_t k, size_t room) : entries_(entries), k_(k), room_(room) {}

  // Whether k were found, and of these the last: only entries before it are taken.
  bool is_full() const { return is_full_; }
  size_t last_index() const { return index_of(last_); }

  void offer(E entry) {
    if (is_full_ && !(entry < last_)) return;
    entries_[count_++] = entry;
    if (count_ == room_) drop();
  }

  const E* sorted() {
    if (count_ > k_) drop();
    std::sort(entries_, entries_ + k_);
    return entries_;
  }

 private:
  void drop() {
    std::nth_element(entries_, entries_ + k_ - 1, entries_ + count_);
    last_ = entries_[k_ - 1];
    is_full_ = true;
    count_ = k_;
  }

  E* entries_;
  size_t k_, room_, count_ = 0;
  E last_{};
  bool is_full_ = false;
};

class TopK final : public Op {
 public:
  explicit TopK(OpReader& reader) : element_(read_element(reader)) {
    outer_ = reader.size("outer");
    size_ = reader.size("size");
    inner_ = reader.size("inner");
    k_ = reader.index("k", size_);
    is_largest_ = reader.index("largest", 1) != 0;
    const size_t bytes = element_bytes(element_);
    const CheckedSize lines = CheckedSize(outer_).times(inner_);
    input_ = reader.input("input", lines.times(size_).times(bytes), bytes);
    values_ = reader.optional_output("values", lines.times(k_).times(bytes), bytes);
    const size_t index_bytes = sizeof(int64_t);
    indices_ = reader.optional_output("indices", lines.times(k_).times(index_bytes), index_bytes);
    for (const Operand& operand : {values_, indices_}) reader.expect_disjoint(input_, operand);
    reader.expect_disjoint(values_, indices_);
  }

  void run(const Frame& frame) const override {
    if (k_ == 0) return;
    switch (element_) {
      case Element::s32:
        return run_as<int32_t>(frame);
      case Element::s64:
        return run_as<int64_t>(frame);
      case Element::f32:
        return run_as<float>(frame);
      default:
        return run_as<uint8_t>(frame);
    }
  }

 private:
  template <typename T>
  void run_as(const Frame& frame) const {
    using E = decltype(entry_of(ascending(T{}), 0));
    const T* in = input_.in<const T>(frame);
    T* values = values_.in<T>(frame);
    int64_t* indices = indices_.in<int64_t>(frame);
    const size_t room = min_size(size_, 2 * k_ + 8) + 1;
    Failure failure;
    const size_t per_task = div_up(kElementsPerTask, size_);
    parallel_ranges(outer_ * inner_, per_task, [&](size_t first, size_t count) {
      AlignedBuffer<uint8_t> own;
      const size_t bytes = room * sizeof(E);
      if (bytes > kKeptBytes) own = failure.buffer(bytes);
      uint8_t* memory = bytes > kKeptBytes ? own.data() : failure.scratch_bytes(bytes);
      if (memory == nullptr) return;
      E* entries = reinterpret_cast<E*>(memory);
      for (size_t line = first; line < first + count; ++line) {
        const size_t outer = line / inner_, column = line % inner_;
        const T* from = in + outer * size_ * inner_ + column;
        const E* found = select(from, Selection<E>(entries, k_, room));
        write(from, found, values, indices, outer * k_ * inner_ + column);
      }
    });
    failure.rethrow();
  }

  template <typename T, typename E>
  const E* select(const T* from, Selection<E> selection) const {
    for (size_t first = 0; first < size_; first += kBlock) {
      const size_t count = min_size(kBlock, size_ - first);
      const bool is_whole = inner_ == 1 && count == kBlock && selection.is_full();
      if (is_whole && !has_better(from + first, from[selection.last_index()])) continue;
      for (size_t i = first; i < first + count; ++i) {
        const T x = from[i * inner_];
        if (selection.is_full() && !is_better(x, from[selection.last_index() * inner_])) continue;
        const auto rank = ascending(x);
        selection.offer(entry_of(is_largest_ ? ~rank : rank, i));
      }
    }
    return selection.sorted();
  }

  // Whether an element may come before `last`, which has a lower index; yes where one is no number.
  template <typename T>
  bool is_better(T x, T last) const {
    return is_largest_ ? !(x <= last) : !(x >= last);
  }

  // The same of a block of neighbours.
  template <typename T>
  bool has_better(const T* block, T last) const {
    int found = 0;
    if (is_largest_) {
      for (size_t i = 0; i < kBlock; ++i) found |= !(block[i] <= last);
    } else {
      for (size_t i = 0; i < kBlock; ++i) found |= !(block[i] >= last);
    }
    return found != 0;
  }

  template <typename T, typename E>
  void write(const T* from, const E* found, T* values, int64_t* indices, size_t begin) const {
    for (size_t i = 0; i < k_; ++i) {
      const size_t index = index_of(found[i]), to = begin + i * inner_;
      if (values != nullptr) values[to] = from[index * inner_];
      if (indices != nullptr) indices[to] = static_cast<int64_t>(index);
    }
  }

  Element element_;
  size_t outer_ = 0, size_ = 0, inner_ = 0, k_ = 0;
  bool is_largest_ = false;
  Operand input_, values_, indices_;
};

}  // namespace

std::unique_ptr<const Op> make_top_k(OpReader& reader) { return std::make_unique<TopK>(reader); }

}  // namespace octavo
