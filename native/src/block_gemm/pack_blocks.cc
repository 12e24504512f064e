#include "block_gemm/pack_blocks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/half.h"

namespace octavo {
namespace {

// Bits of the half that is exactly x, if there is one.
bool exact_half(float x, uint16_t& bits) {
  const uint32_t word = std::bit_cast<uint32_t>(x);
  const uint16_t sign = static_cast<uint16_t>(word >> 16 & 0x8000);
  const float magnitude = std::fabs(x);
  if (magnitude > 65504.0f) return false;
  if (magnitude >= 0x1p-14f) {
    bits = static_cast<uint16_t>(sign | ((word & 0x7FFFFFFF) - 0x38000000) >> 13);
  } else {
    bits = static_cast<uint16_t>(sign | static_cast<uint16_t>(magnitude * 0x1p24f));
  }
  return half_to_float(bits) == x;
}

// Of fewer columns, groups would be too few tasks for many threads.
constexpr size_t kLeastGrouped = 16 * kMaxGroupColumns;

template <uint32_t Bits>
constexpr uint32_t kLow = (1u << Bits) - 1;

class Packer {
 public:
  explicit Packer(const octavo_block_weights& weights)
      : weights_(weights),
        per_byte_(8 / weights.bits),
        mask_((1u << weights.bits) - 1),
        // A signed number with its top bit flipped is that number plus the middle.
        flip_(weights.is_signed != 0 ? 1u << (weights.bits - 1) : 0),
        pack_columns_(weights.bits == 2   ? &Packer::pack_columns<2>
                      : weights.bits == 4 ? &Packer::pack_columns<4>
                                          : &Packer::pack_columns<8>) {}

  PackedBlocks run() {
    PackedBlocks packed{};
    packed.k = weights_.k;
    packed.n = weights_.n;
    packed.block_size = effective_block_size(weights_);
    const size_t depth = block_row_depth(weights_.bits);
    const size_t blocks = div_up(weights_.k, packed.block_size);
    const size_t last = weights_.k - (blocks - 1) * packed.block_size;
    const bool half = halves_fit(blocks), zero_points = zero_points_vary(blocks);
    const size_t header = kBlockColumns * ((half ? 2 : 4) + (zero_points ? 1 : 0));
    packed.shape = {
        weights_.bits,      half, zero_points, header, blocks, packed.block_size / depth,
        div_up(last, depth)};
    packed.group_panels = weights_.n < kLeastGrouped ? 1 : kMaxGroupPanels;
    packed.group_bytes = group_bytes(packed.shape, packed.group_panels);
    const size_t panels = div_up(weights_.n, kBlockColumns);
    packed.panels = AlignedBuffer<uint8_t>(
        CheckedSize(panels / packed.group_panels)
            .times(packed.group_bytes)
            .plus(group_bytes(packed.shape, panels % packed.group_panels))
            .value());
    uint8_t* to = packed.panels.data();
    for (size_t first = 0; first < weights_.n; first += packed.group_columns()) {
      pack_group(packed, first, to);
      to += packed.group_bytes;
    }
    return packed;
  }

 private:
  static size_t group_bytes(const BlockShape& shape, size_t panels) {
    const size_t rows = (shape.blocks - 1) * shape.block_rows + shape.last_rows;
    const size_t panel = rows * kBlockRowBytes + shape.blocks * shape.header_bytes;
    // Groups begin at cache lines.
    return div_up(panels * panel, kCacheLine) * kCacheLine;
  }

  uint8_t number(const uint8_t* data, size_t index) const {
    const uint32_t byte = data[index / per_byte_];
    const uint32_t shift = static_cast<uint32_t>(index % per_byte_) * weights_.bits;
    return static_cast<uint8_t>((byte >> shift & mask_) ^ flip_);
  }

  uint8_t zero_point(size_t block, size_t n) const {
    if (weights_.zero_points == nullptr) return static_cast<uint8_t>(1u << (weights_.bits - 1));
    return number(weights_.zero_points,
                  block * weights_.zero_point_block_stride + n * weights_.zero_point_n_stride);
  }

  float scale(size_t block, size_t n) const {
    const size_t at = block * weights_.scale_block_stride + n * weights_.scale_n_stride;
    if (weights_.scale_type == OCTAVO_F32) return static_cast<const float*>(weights_.scales)[at];
    return half_to_float(static_cast<const uint16_t*>(weights_.scales)[at]);
  }

  template <typename Holds>
  bool for_all(size_t blocks, Holds holds) const {
    for (size_t n = 0; n < weights_.n; ++n) {
      for (size_t block = 0; block < blocks; ++block) {
        if (!holds(block, n)) return false;
      }
    }
    return true;
  }

  bool halves_fit(size_t blocks) const {
    if (weights_.scale_type == OCTAVO_F16) return true;
    uint16_t bits;
    return for_all(blocks,
                   [&](size_t block, size_t n) { return exact_half(scale(block, n), bits); });
  }

  bool zero_points_vary(size_t blocks) const {
    if (weights_.zero_points == nullptr) return false;
    const uint32_t middle = 1u << (weights_.bits - 1);
    return !for_all(blocks, [&](size_t block, size_t n) { return zero_point(block, n) == middle; });
  }

  void pack_group(const PackedBlocks& packed, size_t first, uint8_t* to) const {
    const size_t last = std::min(weights_.n, first + packed.group_columns());
    std::memset(to, 0, group_bytes(packed.shape, packed.panels_of_group(first)));
    for (size_t block = 0; block < packed.shape.blocks; ++block) {
      for (size_t column = first; column < last; column += kBlockColumns) {
        to = pack_block(packed, block, column, to);
      }
    }
  }

  uint8_t* pack_block(const PackedBlocks& packed, size_t block, size_t first, uint8_t* to) const {
    const BlockShape& shape = packed.shape;
    const size_t columns = std::min(kBlockColumns, weights_.n - first);
    to = pack_header(shape, block, first, columns, to);
    const size_t begin = block * packed.block_size;
    const size_t count = std::min(packed.block_size, weights_.k - begin);
    (this->*pack_columns_)(begin, count, first, columns, to);
    return to + (block + 1 == shape.blocks ? shape.last_rows : shape.block_rows) * kBlockRowBytes;
  }

  uint8_t* pack_header(const BlockShape& shape, size_t block, size_t first, size_t columns,
                       uint8_t* to) const {
    const size_t bytes = shape.half_scales ? 2 : 4;
    for (size_t j = 0; j < columns; ++j) {
      const float value = scale(block, first + j);
      uint16_t half = 0;
      if (shape.half_scales) exact_half(value, half);
      std::memcpy(to + bytes * j, shape.half_scales ? static_cast<const void*>(&half) : &value,
                  bytes);
    }
    to += bytes * kBlockColumns;
    if (!shape.has_zero_points) return to;
    for (size_t j = 0; j < columns; ++j) to[j] = zero_point(block, first + j);
    return to + kBlockColumns;
  }

  template <uint32_t Bits>
  void pack_columns(size_t begin, size_t count, size_t first, size_t columns, uint8_t* to) const {
    for (size_t j = 0; j < columns; ++j) {
      pack_column<Bits>(begin, count, first + j, to + 4 * j);
    }
  }

  template <uint32_t Bits>
  void pack_column(size_t begin, size_t count, size_t n, uint8_t* to) const {
    constexpr size_t kDepth = block_row_depth(Bits);
    size_t from = begin * weights_.k_stride + n * weights_.n_stride;
    for (size_t k = 0; k < count; k += kDepth, to += kBlockRowBytes) {
      const uint32_t numbers = interleave<Bits>(read<Bits>(from, std::min(kDepth, count - k)));
      std::memcpy(to, &numbers, sizeof(numbers));
      from += kDepth * weights_.k_stride;
    }
  }

  // `count` numbers in a row of k, the first lowest. Those beyond it are 0: they meet a left-hand
  // side of 0.
  template <uint32_t Bits>
  uint32_t read(size_t from, size_t count) const {
    constexpr size_t kPerByte = 8 / Bits;
    uint32_t numbers = 0;
    if (weights_.k_stride == 1 && from % kPerByte == 0 && count == 4 * kPerByte) {
      const uint8_t* bytes = weights_.data + from / kPerByte;
      for (size_t i = 0; i < 4; ++i) numbers |= static_cast<uint32_t>(bytes[i]) << (8 * i);
      return numbers ^ flip_ * (0xFFFFFFFFu / kLow<Bits>);
    }
    for (size_t i = 0; i < count; ++i, from += weights_.k_stride) {
      numbers |= static_cast<uint32_t>(number(weights_.data, from)) << (i * Bits);
    }
    return numbers;
  }

  // Byte i takes numbers i, 4 + i and so on, the first lowest: each four are spread over all bytes.
  template <uint32_t Bits>
  static uint32_t interleave(uint32_t numbers) {
    if constexpr (Bits == 8) return numbers;
    constexpr uint32_t kFour = (1u << (4 * Bits % 32)) - 1, kTwo = (1u << 2 * Bits) - 1;
    uint32_t bytes = 0;
    for (uint32_t shift = 0; shift < 8; shift += Bits) {
      uint32_t four = numbers >> (4 * shift) & kFour;
      four = (four | four << (16 - 2 * Bits)) & kTwo * 0x00010001u;
      four = (four | four << (8 - Bits)) & kLow<Bits> * 0x01010101u;
      bytes |= four << shift;
    }
    return bytes;
  }

  const octavo_block_weights& weights_;
  size_t per_byte_;
  uint32_t mask_;
  uint32_t flip_;
  void (Packer::*pack_columns_)(size_t begin, size_t count, size_t first, size_t columns,
                                uint8_t* to) const;
};

}  // namespace

PackedBlocks pack_blocks(const octavo_block_weights& weights) { return Packer(weights).run(); }

}  // namespace octavo
