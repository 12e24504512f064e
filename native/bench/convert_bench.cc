// Quantizing, dequantizing and converting: bytes read and written a second, and the share of what a
// copy of as many bytes moves in the same run. One thread. Sizes in cache and out of it.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "bench/clock.h"
#include "octavo/octavo.h"

namespace octavo::bench {
namespace {

constexpr size_t kRowLength = 768;

struct Buffers {
  explicit Buffers(size_t elements)
      : count(elements), floats(elements), out_floats(elements), bytes(elements),
        out_bytes(4 * elements), halves(elements), out_halves(elements), row_scales(elements),
        row_zero_points(elements) {
    for (size_t i = 0; i < elements; ++i) {
      floats[i] = 0.01f * static_cast<float>(i % 977) - 4.0f;
      bytes[i] = static_cast<uint8_t>(i * 37);
    }
    octavo_convert(floats.data(), OCTAVO_F32, elements, OCTAVO_F16, halves.data());
  }
  size_t count;
  std::vector<float> floats, out_floats;
  std::vector<uint8_t> bytes, out_bytes;
  std::vector<uint16_t> halves, out_halves;
  std::vector<float> row_scales;
  std::vector<int32_t> row_zero_points;
};

struct Conversion {
  const char* name;
  double bytes_an_element;  // read and written
  std::function<octavo_status(Buffers&)> run;
};

const float kScale = 0.05f;
const int32_t kZeroPoint = 3;

octavo_quantization whole(const Buffers& b) { return {1, 1, b.count, &kScale, &kZeroPoint}; }

const Conversion kConversions[] = {
    {"f32 -> u8", 5,
     [](Buffers& b) {
       const octavo_quantization by = whole(b);
       return octavo_quantize(b.floats.data(), &by, OCTAVO_U8, b.out_bytes.data());
     }},
    {"f32 -> s16", 6,
     [](Buffers& b) {
       const octavo_quantization by = whole(b);
       return octavo_quantize(b.floats.data(), &by, OCTAVO_S16, b.out_bytes.data());
     }},
    {"u8 -> f32", 5,
     [](Buffers& b) {
       const octavo_quantization by = whole(b);
       return octavo_dequantize(b.bytes.data(), OCTAVO_U8, &by, b.out_floats.data());
     }},
    {"rows f32 -> u8", 5,
     [](Buffers& b) {
       return octavo_quantize_rows(b.floats.data(), b.count / kRowLength, kRowLength,
                                   b.out_bytes.data(), b.row_scales.data(),
                                   b.row_zero_points.data());
     }},
    {"f32 -> f16", 6,
     [](Buffers& b) {
       return octavo_convert(b.floats.data(), OCTAVO_F32, b.count, OCTAVO_F16,
                             b.out_halves.data());
     }},
    {"f16 -> f32", 6,
     [](Buffers& b) {
       return octavo_convert(b.halves.data(), OCTAVO_F16, b.count, OCTAVO_F32,
                             b.out_floats.data());
     }},
    {"f32 -> bf16", 6,
     [](Buffers& b) {
       return octavo_convert(b.floats.data(), OCTAVO_F32, b.count, OCTAVO_BF16,
                             b.out_halves.data());
     }},
    {"bf16 -> f32", 6,
     [](Buffers& b) {
       return octavo_convert(b.halves.data(), OCTAVO_BF16, b.count, OCTAVO_F32,
                             b.out_floats.data());
     }},
    {"u4 -> u8", 1.5,
     [](Buffers& b) {
       return octavo_unpack_nibbles(b.bytes.data(), b.count, OCTAVO_U8, b.out_bytes.data());
     }},
    {"u8 -> u4", 1.5,
     [](Buffers& b) {
       return octavo_pack_nibbles(b.bytes.data(), b.count, b.out_bytes.data());
     }},
};

double copy_seconds(double bytes) {
  const size_t half = static_cast<size_t>(bytes / 2);
  std::vector<uint8_t> from(half, 1), to(half);
  return best_cpu_seconds([&] {
    std::memcpy(to.data(), from.data(), half);
    // What is copied is read: no compiler may leave the copy out.
    __asm__ volatile("" ::"r"(to.data()) : "memory");
  });
}

void report(size_t elements) {
  Buffers buffers(elements / kRowLength * kRowLength);
  std::printf("%zu elements\n", buffers.count);
  for (const Conversion& conversion : kConversions) {
    const double bytes = conversion.bytes_an_element * static_cast<double>(buffers.count);
    const double copy = copy_seconds(bytes);
    const double seconds = best_cpu_seconds([&] {
      if (conversion.run(buffers) != OCTAVO_OK) std::abort();
    });
    std::printf("  %-16s %6.1f GB/s, a copy %6.1f: %3.0f%%\n", conversion.name,
                1e-9 * bytes / seconds, 1e-9 * bytes / copy, 100 * copy / seconds);
  }
}

}  // namespace
}  // namespace octavo::bench

int main() {
  octavo_set_threads(1);
  for (size_t elements : {size_t{1} << 16, size_t{1} << 20, size_t{1} << 25}) {
    octavo::bench::report(elements);
  }
  return EXIT_SUCCESS;
}
