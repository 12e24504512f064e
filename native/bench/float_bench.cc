// Float microkernels on layers of real models: 10^9 operations a second, and the share of the
// multiply-adds that the machine makes in registers, measured in the same run. One thread. Of shapes
// whose rows and outputs alone take longer to move, that time is told as well, as operations.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bench/clock.h"
#include "float_gemm/float_gemm.h"
#include "peak/peak.h"
#include "quantize/quantize.h"

namespace octavo::bench {
namespace {

struct Shape {
  const char* layer;
  size_t m, k, n;
};

constexpr Shape kShapes[] = {
    {"square", 1024, 1024, 1024},      {"BERT attention", 128, 768, 768},
    {"BERT up", 128, 768, 3072},       {"BERT down", 128, 3072, 768},
    {"LLaMA-7B", 512, 4096, 4096},     {"ResNet-50 stage 1", 3136, 64, 64},
    {"ResNet-50 3x3", 784, 1152, 128}, {"ResNet-50 expand", 196, 256, 1024},
    {"ResNet-50 last", 49, 512, 2048}, {"MobileNetV2 project", 12544, 32, 16},
    {"four rows", 4, 4096, 4096},      {"one row, cached", 1, 768, 768},
    {"one row", 1, 4096, 11008},
};

double peak_gops() { return measure_peak(OCTAVO_PEAK_F32, 1, 50).per_second / 1e9; }

double read_gigabytes() { return measure_peak(OCTAVO_PEAK_READ, 1, 150).per_second / 1e9; }

// Normal numbers in every type: subnormal ones would take hundreds of cycles each.
PackedFloat packed_weights(const Shape& shape, octavo_type type, octavo_compute compute) {
  std::vector<float> weights(shape.k * shape.n);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = 0.001f * static_cast<float>(1 + i % 977);
  std::vector<uint16_t> halves(weights.size());
  if (type == OCTAVO_F16) floats_to_half(weights.data(), weights.size(), halves.data());
  if (type == OCTAVO_BF16) floats_to_bfloat(weights.data(), weights.size(), halves.data());
  const void* data = weights.data();
  if (type != OCTAVO_F32) data = halves.data();
  return pack_float(octavo_float_weights{data, type, shape.k, shape.n, shape.n, 1, compute});
}

// Seconds in which a bare loop reads the rows of a product and writes as many outputs.
double moving_seconds(const Shape& shape) {
  std::vector<uint64_t> lhs(shape.m * shape.k / 2, 1), out(shape.m * shape.n / 2);
  const size_t steps = shape.m, read = lhs.size() / steps, written = out.size() / steps;
  return best_cpu_seconds([&] {
    for (size_t step = 0; step < steps; ++step) {
      uint64_t seen = 0;
      for (size_t i = 0; i < read; ++i) seen ^= lhs[step * read + i];
      std::fill_n(out.data() + step * written, written, seen);
    }
  });
}

double seconds_of(const Shape& shape, octavo_type type, octavo_compute compute) {
  std::vector<float> lhs(shape.m * shape.k, 0.5f), out(shape.m * shape.n), bias(shape.n, 1.0f);
  const PackedFloat rhs = packed_weights(shape, type, compute);
  octavo_float_matmul_args args{};
  args.lhs = lhs.data();
  args.m = shape.m;
  args.lhs_stride = shape.k;
  args.lhs_k_stride = 1;
  args.epilogue.bias = bias.data();
  args.out = out.data();
  args.out_stride = shape.n;
  args.threads = 1;
  return best_cpu_seconds([&] { float_gemm(args, rhs); });
}

void report(const Shape& shape) {
  const double operations =
      2e-9 * static_cast<double>(shape.m * shape.k) * static_cast<double>(shape.n);
  std::printf("%-20s %5zu x %5zu x %5zu", shape.layer, shape.m, shape.k, shape.n);
  const double peak = peak_gops();
  const double moving = operations / moving_seconds(shape);
  if (moving < peak) std::printf("  moving alone %6.1f", moving);
  struct Way {
    const char* name;
    octavo_type type;
    octavo_compute compute;
  };
  constexpr Way kWays[] = {{"f32", OCTAVO_F32, OCTAVO_COMPUTE_F32},
                           {"f16", OCTAVO_F16, OCTAVO_COMPUTE_F32},
                           {"bf16", OCTAVO_BF16, OCTAVO_COMPUTE_F32},
                           {"in bf16", OCTAVO_BF16, OCTAVO_COMPUTE_BF16}};
  for (const Way& way : kWays) {
    const double seconds = seconds_of(shape, way.type, way.compute);
    const double bytes = static_cast<double>(shape.k * shape.n * element_bytes(way.type));
    std::printf("  %s %6.1f (%5.1f%%, %5.1f GB/s)", way.name, operations / seconds,
                peak == 0 ? 0 : 100 * operations / seconds / peak, bytes / seconds / 1e9);
  }
  std::printf("\n");
}

}  // namespace
}  // namespace octavo::bench

int main() {
  using namespace octavo::bench;
  std::printf("kernel %s; peak %.1f, reading %.1f GB/s\n",
              octavo::select_float_microkernel(OCTAVO_F32).name, peak_gops(), read_gigabytes());
  for (const Shape& shape : kShapes) report(shape);
  std::printf("peak after %.1f, reading %.1f GB/s\n", peak_gops(), read_gigabytes());
  return EXIT_SUCCESS;
}
