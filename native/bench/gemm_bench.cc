// Every microkernel of the table on layers of real models: 10^9 operations a second, the share of
// the measured peak, and `<--` at the dispatcher's pick. One thread.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bench/clock.h"
#include "gemm/gemm.h"
#include "gemm/select.h"
#include "pack/pack_rhs.h"
#include "peak/peak.h"

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
    {"classifier", 1, 2048, 1000},     {"one row", 1, 4096, 4096},
};

struct Operands {
  explicit Operands(const Shape& shape)
      : lhs(shape.m * shape.k),
        rhs(shape.k * shape.n),
        out(shape.m * shape.n),
        scales(shape.n, 0.001f),
        bias(shape.n, 12345) {
    unsigned state = 1;
    const auto next = [&state] {
      return static_cast<uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
    };
    for (uint8_t& byte : lhs) byte = next();
    for (int8_t& byte : rhs) byte = static_cast<int8_t>(next());
  }
  std::vector<uint8_t> lhs;
  std::vector<int8_t> rhs;
  std::vector<int32_t> out;
  std::vector<float> scales;
  std::vector<int32_t> bias;
};

double gops(const Shape& shape, Operands& operands, const Microkernel& kernel, octavo_type output) {
  octavo_weights weights{operands.rhs.data(), OCTAVO_S8, shape.k, shape.n, shape.n, 1, nullptr, 0};
  const PackedRhs packed = pack_rhs(weights, kernel.layout);
  const int32_t zero_point = 128;
  GemmProblem problem{};
  problem.lhs = operands.lhs.data();
  problem.lhs_type = OCTAVO_U8;
  problem.m = shape.m;
  problem.lhs_stride = shape.k;
  problem.lhs_zero_points = &zero_point;
  problem.lhs_zero_point_count = 1;
  problem.rhs = &packed;
  problem.epilogue.output = output;
  problem.epilogue.bias = operands.bias.data();
  if (output != OCTAVO_S32) {
    problem.epilogue.scales = operands.scales.data();
    problem.epilogue.scale_count = shape.n;
    problem.epilogue.clamp_max = 255;
  }
  problem.out = operands.out.data();
  problem.out_stride = shape.n;
  const double seconds = best_cpu_seconds([&] { gemm(problem, kernel.isa); });
  return 2.0 * static_cast<double>(shape.m * shape.k) * static_cast<double>(shape.n) / seconds /
         1e9;
}

void report(const Shape& shape, const octavo_peak& peak) {
  std::printf("%s: %zu x %zu x %zu\n", shape.layer, shape.m, shape.k, shape.n);
  Operands operands(shape);
  for (const Microkernel& kernel : microkernels()) {
    if (!active_isa().contains(kernel.isa)) continue;
    const double to_s32 = gops(shape, operands, kernel, OCTAVO_S32);
    const double to_u8 = gops(shape, operands, kernel, OCTAVO_U8);
    const double percent = peak.instruction == nullptr ? 0 : 100 / (peak.per_second / 1e9);
    std::printf("  %-30s int32 %8.1f (%5.1f%%)  uint8 %8.1f (%5.1f%%)%s\n", kernel.name, to_s32,
                to_s32 * percent, to_u8, to_u8 * percent,
                kernel.run == select_microkernel().run ? "  <--" : "");
  }
}

void print_peak(const char* when, const octavo_peak& peak) {
  if (peak.instruction == nullptr) {
    std::printf("peak %s: unknown for this CPU\n", when);
  } else {
    std::printf("peak %s: %s %.1f\n", when, peak.instruction, peak.per_second / 1e9);
  }
}

}  // namespace
}  // namespace octavo::bench

int main() {
  using namespace octavo::bench;
  octavo_set_threads(1);
  std::printf("10^9 operations a second on one thread (share of peak)\n");
  const octavo_peak peak = octavo::measure_peak(OCTAVO_PEAK_INT8, 1, 100);
  print_peak("before", peak);
  for (const Shape& shape : kShapes) report(shape, peak);
  print_peak("after", octavo::measure_peak(OCTAVO_PEAK_INT8, 1, 100));
  return EXIT_SUCCESS;
}
