// Block-quantized weights in mode dynamic-int8, on layers of real models: 10^9 operations a second
// as a share of the integer peak measured beside them, and bytes of packed weights a second, out of
// the caches that they stay in (out of memory: block_memory_bench). One thread. Arguments: bits,
// block size, rows; without them, the heights and blocks below.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bench/block_weights.h"
#include "bench/clock.h"
#include "block_gemm/block_gemm.h"
#include "peak/peak.h"

namespace octavo::bench {
namespace {

struct Layer {
  const char* name;
  size_t k, n;
};

const Layer kLayers[] = {
    {"TinyLlama keys", 2048, 256},
    {"TinyLlama queries", 2048, 2048},
    {"TinyLlama down", 5632, 2048},
    {"LLaMA-7B", 4096, 4096},
};

double seconds_of(const Layer& layer, const Format& format, size_t m, size_t& bytes) {
  const PackedBlocks rhs = some_blocks(layer.k, layer.n, format);
  std::vector<float> lhs(m * layer.k), out(m * layer.n);
  for (size_t i = 0; i < lhs.size(); ++i) lhs[i] = 0.01f * static_cast<float>(i % 977) - 4;
  bytes = rhs.panels.bytes();
  octavo_block_matmul_args args{};
  args.lhs = lhs.data();
  args.m = m;
  args.lhs_stride = layer.k;
  args.mode = OCTAVO_BLOCK_DYNAMIC_INT8;
  args.out = out.data();
  args.out_stride = layer.n;
  args.threads = 1;
  return best_cpu_seconds([&] { block_gemm(args, rhs); });
}

double peak_gops() { return measure_peak(OCTAVO_PEAK_INT8, 1, 50).per_second / 1e9; }

void report(const Layer& layer, const Format& format, size_t m) {
  const double peak = peak_gops();
  size_t bytes = 0;
  const double seconds = seconds_of(layer, format, m, bytes);
  const double gops = 2e-9 * static_cast<double>(m * layer.k * layer.n) / seconds;
  std::printf("%-18s %4zu x %4zu x %4zu  %u bits, blocks of %4zu  %7.1f (%5.1f%%)  %5.1f GB/s\n",
              layer.name, m, layer.k, layer.n, format.bits, format.block_size, gops,
              peak == 0 ? 0 : 100 * gops / peak, 1e-9 * static_cast<double>(bytes) / seconds);
}

}  // namespace
}  // namespace octavo::bench

int main(int count, char** arguments) {
  using namespace octavo::bench;
  const auto number = [&](int at) { return std::strtoul(arguments[at], nullptr, 10); };
  std::vector<Format> formats = {{4, 32}, {4, 128}};
  std::vector<size_t> heights = {1, 2, 4, 8, 12, 16, 32, 128, 512};
  if (count > 2) formats = {{static_cast<uint32_t>(number(1)), number(2)}};
  if (count > 3) heights = {number(3)};
  std::printf("peak %.1f\n", peak_gops());
  for (const Layer& layer : kLayers) {
    for (const Format& format : formats) {
      for (size_t m : heights) report(layer, format, m);
    }
  }
  return EXIT_SUCCESS;
}
