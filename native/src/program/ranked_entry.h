// Elements with their places, as numbers that are in the order of the elements.
#ifndef OCTAVO_SRC_PROGRAM_RANKED_ENTRY_H_
#define OCTAVO_SRC_PROGRAM_RANKED_ENTRY_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace octavo {

// An element as it is compared: entries that come first are less, and no two are equal.
struct RankedEntry {
  uint64_t rank;
  uint64_t index;
  bool operator<(const RankedEntry& other) const {
    return rank != other.rank ? rank < other.rank : index < other.index;
  }
};

// Rank and index of an element of up to 32 bits in one number. Words have 31 bits for an axis.
using NarrowEntry = uint64_t;

inline RankedEntry entry_of(uint64_t rank, size_t index) { return {rank, index}; }
inline NarrowEntry entry_of(uint32_t rank, size_t index) { return uint64_t{rank} << 32 | index; }
inline size_t index_of(const RankedEntry& entry) { return static_cast<size_t>(entry.index); }
inline size_t index_of(NarrowEntry entry) { return static_cast<size_t>(entry & UINT32_MAX); }

// Unsigned numbers in the order of the elements.
inline uint32_t ascending(uint8_t x) { return x; }
inline uint32_t ascending(int32_t x) { return static_cast<uint32_t>(x) ^ 0x80000000u; }
inline uint64_t ascending(int64_t x) { return static_cast<uint64_t>(x) ^ uint64_t{1} << 63; }
inline uint32_t ascending(float x) {
  if (x != x) return UINT32_MAX;
  // The sum makes -0 equal to 0.
  const uint32_t bits = std::bit_cast<uint32_t>(x + 0.0f);
  // Signs are as hard to predict as the elements are.
  return bits ^ (static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31) | 0x80000000u);
}

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_RANKED_ENTRY_H_
