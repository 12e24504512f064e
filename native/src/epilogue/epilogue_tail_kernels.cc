#include "epilogue/epilogue.h"
#include "quantize/byte_lookup.h"
#include "vector/narrow.h"

namespace octavo {
namespace {

// Columns that are looked up at once.
constexpr size_t kChunk = 64;
// Outputs that stay in the first-level cache from the table to the residual.
constexpr size_t kStretch = 4096;

// Limits are integers and rounding is monotonic, so clamping first gives the same result.
struct Sum {
  bool residual_first;
  F32 ratio, residual_ratio, offset, low, high;

  OCTAVO_INLINE explicit Sum(const EpilogueTail& tail)
      : residual_first(tail.residual_comes_first),
        ratio(splat(tail.ratio)),
        residual_ratio(splat(tail.residual_ratio)),
        offset(splat(tail.offset)),
        low(splat(static_cast<float>(tail.clamp_min))),
        high(splat(static_cast<float>(tail.clamp_max))) {}

  OCTAVO_INLINE I32 operator()(I32 q, I32 residual) const {
    const F32 value = to_float(q), other = to_float(residual);
    const F32 y = residual_first
                      ? fused(other, residual_ratio, fused(value, ratio, offset))
                      : fused(value, ratio, fused(other, residual_ratio, offset));
    return round_to_int(min(max(y, low), high));
  }
};

// Sums of a row of a tile, requantized.
struct Requantized {
  const int32_t* acc;
  const float* scales;
  F32 low, high;
  int32_t zero_point;

  OCTAVO_INLINE explicit Requantized(const EpilogueTile& tile)
      : acc(tile.acc),
        scales(tile.scales),
        low(splat(static_cast<float>(tile.clamp_min - tile.zero_point))),
        high(splat(static_cast<float>(tile.clamp_max - tile.zero_point))),
        zero_point(tile.zero_point) {}

  // A product that is not a number becomes the lower limit, as in epilogue.h.
  OCTAVO_INLINE I32 finish(F32 product) const {
    return round_to_int(min(max(product, low), high)) + zero_point;
  }
  OCTAVO_INLINE I32 at(size_t j) const {
    return finish(to_float(load<I32>(acc + j)) * load<F32>(scales + j));
  }
  OCTAVO_INLINE I32 one(size_t j) const {
    return finish(splat(static_cast<float>(acc[j]) * scales[j]));
  }
};

template <typename T>
struct Widened {
  const T* bytes;
  OCTAVO_INLINE I32 at(size_t j) const { return load_wide(bytes + j); }
  OCTAVO_INLINE I32 one(size_t j) const { return splat(static_cast<int32_t>(bytes[j])); }
};

// out[j] = the low byte of value(j) for each j < count, by vectors while there are any.
template <typename At, typename One>
OCTAVO_INLINE void write_bytes(size_t count, const At at, const One one, uint8_t* out) {
  size_t j = 0;
  for (; j + 4 * kLanes <= count; j += 4 * kLanes) {
    store_narrow(out + j, at(j), at(j + kLanes), at(j + 2 * kLanes), at(j + 3 * kLanes));
  }
  for (; j + kLanes <= count; j += kLanes) store_narrow(out + j, at(j));
  for (; j < count; ++j) out[j] = static_cast<uint8_t>(one(j)[0]);
}

template <typename Values, typename Residual>
OCTAVO_INLINE void add(const Values& values, const Residual& residual, const Sum& sum,
                       size_t count, uint8_t* out) {
  write_bytes(
      count,
      [&](size_t j) OCTAVO_LAMBDA_INLINE { return sum(values.at(j), residual.at(j)); },
      [&](size_t j) OCTAVO_LAMBDA_INLINE { return sum(values.one(j), residual.one(j)); }, out);
}

template <typename Values>
OCTAVO_INLINE void add_residual(const Values& values, const uint8_t* residual,
                                const EpilogueTail& tail, const Sum& sum, size_t count,
                                uint8_t* out) {
  if (tail.residual_is_signed) {
    const int8_t* bytes = reinterpret_cast<const int8_t*>(residual);
    return add(values, Widened<int8_t>{bytes}, sum, count, out);
  }
  add(values, Widened<uint8_t>{residual}, sum, count, out);
}

// The same for bytes; `out` may be `bytes`.
void add_to_bytes(const uint8_t* bytes, const uint8_t* residual, const EpilogueTail& tail,
                  const Sum& sum, size_t count, uint8_t* out) {
  if (tail.is_signed) {
    const Widened<int8_t> values{reinterpret_cast<const int8_t*>(bytes)};
    return add_residual(values, residual, tail, sum, count, out);
  }
  add_residual(Widened<uint8_t>{bytes}, residual, tail, sum, count, out);
}

void run(const EpilogueTail& tail, size_t count, uint8_t* bytes) {
  const Sum sum(tail);
  for (size_t first = 0; first < count; first += kStretch) {
    const size_t some = count - first < kStretch ? count - first : kStretch;
    uint8_t* at = bytes + first;
    if (tail.table != nullptr) look_up_bytes(at, tail.table, some, at);
    if (tail.residual != nullptr) add_to_bytes(at, tail.residual + first, tail, sum, some, at);
  }
}

// A row of a tile through its table, and the residual if there is one.
void look_up_row(const Requantized& values, const uint8_t* residual, const EpilogueTail& tail,
                 const Sum& sum, size_t columns, uint8_t* out) {
  alignas(kChunk) uint8_t chunk[kChunk];
  for (size_t first = 0; first < columns; first += kChunk) {
    const size_t count = columns - first < kChunk ? columns - first : kChunk;
    write_bytes(
        count, [&](size_t j) OCTAVO_LAMBDA_INLINE { return values.at(first + j); },
        [&](size_t j) OCTAVO_LAMBDA_INLINE { return values.one(first + j); }, chunk);
    uint8_t* found = residual == nullptr ? out + first : chunk;
    look_up_bytes(chunk, tail.table, count, found);
    if (residual != nullptr) {
      add_to_bytes(chunk, residual + first, tail, sum, count, out + first);
    }
  }
}

}  // namespace

const EpilogueTailKernels OCTAVO_TIERED(epilogue_tail) = {run};

void OCTAVO_TIERED(epilogue_q8_tail)(const EpilogueTile& tile) {
  const EpilogueTail& tail = tile.tail;
  const Sum sum(tail);
  Requantized values(tile);
  uint8_t* out = static_cast<uint8_t*>(tile.out);
  const uint8_t* residual = tail.residual;
  for (size_t i = 0; i < tile.rows; ++i, values.acc += tile.acc_stride, out += tile.out_stride) {
    if (tail.table == nullptr) {
      add_residual(values, residual, tail, sum, tile.columns, out);
    } else {
      look_up_row(values, residual, tail, sum, tile.columns, out);
    }
    if (residual != nullptr) residual += tail.residual_stride;
  }
}

}  // namespace octavo
