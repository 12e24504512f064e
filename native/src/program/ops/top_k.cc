// The largest or smallest elements along one axis, in order, and where they are; of equal elements
// the one with the lower index comes first. Operands: input ([outer][size][inner]), values
// ([outer][k][inner]) or none, int64 indices (as the values) or none. Words: element type (as in
// elementwise/element.h), outer, size, inner, k (at most size), whether the largest are wanted.
// What is no number counts as larger than any.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "program/element_reader.h"
#include "program/ranked_entry.h"
#include "threading/failure.h"
#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

// Elements that are looked at together before each is ranked, where many are wanted and where few.
constexpr size_t kBlock = 32;
constexpr size_t kFewBlock = 16;
// Up to so many entries are cheaper to keep in order than to gather and sort.
constexpr size_t kFew = 16;
// Of entries: threads keep memory of that size from run to run, not more.
constexpr size_t kKeptBytes = size_t{1} << 20;

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

// Puts an entry among `count` in order, instead of the last of them. Each place is decided by
// itself: which one is the entry's is as hard to predict as the elements are.
void insert(NarrowEntry* sorted, size_t count, NarrowEntry entry) {
  for (size_t i = count - 1; i > 0; --i) {
    const NarrowEntry before = sorted[i - 1], here = sorted[i] < entry ? sorted[i] : entry;
    sorted[i] = before > here ? before : here;
  }
  sorted[0] = sorted[0] < entry ? sorted[0] : entry;
}

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
    const size_t per_task = div_up(kElementsPerTask, size_);
    if constexpr (std::is_same_v<E, NarrowEntry>) {
      if (k_ <= kFew) {
        return parallel_ranges(outer_ * inner_, per_task, [&](size_t first, size_t count) {
          for_lines(first, count, [&](size_t begin, size_t to) {
            NarrowEntry sorted[kFew];
            const T* const line = in + begin;
            is_largest_ ? select_few<true>(line, sorted) : select_few<false>(line, sorted);
            write(in + begin, sorted, values, indices, to);
          });
        });
      }
    }
    Failure failure;
    const size_t room = min_size(size_, 2 * k_ + 8) + 1;
    parallel_ranges(outer_ * inner_, per_task, [&](size_t first, size_t count) {
      const TaskMemory memory(failure, room * sizeof(E), kKeptBytes);
      if (memory.data() == nullptr) return;
      E* entries = reinterpret_cast<E*>(memory.data());
      for_lines(first, count, [&](size_t begin, size_t to) {
        const E* found = select(in + begin, Selection<E>(entries, k_, room));
        write(in + begin, found, values, indices, to);
      });
    });
    failure.rethrow();
  }

  // Calls run(begin, to) for lines: where the first element of each is, and where its results go.
  template <typename Run>
  void for_lines(size_t first, size_t count, Run&& run) const {
    for (size_t line = first; line < first + count; ++line) {
      const size_t outer = line / inner_, column = line % inner_;
      run(outer * size_ * inner_ + column, outer * k_ * inner_ + column);
    }
  }

  template <bool kLargest, typename T>
  void select_few(const T* from, NarrowEntry* sorted) const {
    const auto ranked = [&](size_t i) {
      const uint32_t rank = ascending(from[i * inner_]);
      return entry_of(kLargest ? ~rank : rank, i);
    };
    for (size_t i = 0; i < k_; ++i) {
      sorted[i] = std::numeric_limits<NarrowEntry>::max();
      insert(sorted, i + 1, ranked(i));
    }
    for (size_t first = k_; first < size_; first += kFewBlock) {
      const size_t end = min_size(first + kFewBlock, size_);
      T last = from[index_of(sorted[k_ - 1]) * inner_];
      const bool is_whole = inner_ == 1 && end - first == kFewBlock;
      if (is_whole && !has_better<kFewBlock>(from + first, last)) continue;
      if (k_ == 1) {
        // Nothing to predict.
        NarrowEntry best = sorted[0];
        for (size_t i = first; i < end; ++i) best = std::min(best, ranked(i));
        sorted[0] = best;
        continue;
      }
      for (size_t i = first; i < end; ++i) {
        if (!is_better(from[i * inner_], last)) continue;
        const NarrowEntry entry = ranked(i);
        if (entry > sorted[k_ - 1]) continue;
        insert(sorted, k_, entry);
        last = from[index_of(sorted[k_ - 1]) * inner_];
      }
    }
  }

  template <typename T, typename E>
  const E* select(const T* from, Selection<E> selection) const {
    for (size_t first = 0; first < size_; first += kBlock) {
      const size_t count = min_size(kBlock, size_ - first);
      const bool is_whole = inner_ == 1 && count == kBlock && selection.is_full();
      if (is_whole && !has_better<kBlock>(from + first, from[selection.last_index()])) continue;
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
  template <size_t kCount, typename T>
  bool has_better(const T* block, T last) const {
    int found = 0;
    if (is_largest_) {
      for (size_t i = 0; i < kCount; ++i) found |= !(block[i] <= last);
    } else {
      for (size_t i = 0; i < kCount; ++i) found |= !(block[i] >= last);
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
