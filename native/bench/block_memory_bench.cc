// Few rows times block-quantized weights that no cache holds, in mode dynamic-int8: bytes of packed
// weights a second, beside what a bare loop reads of memory allocated alike. Products and reads take
// turns, a few milliseconds each, so that whatever else uses the memory meets both: medians, the
// share that of each turn. Arguments: threads, rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/aligned_buffer.h"
#include "bench/block_weights.h"
#include "block_gemm/block_gemm.h"
#include "peak/peak_loop.h"
#include "threading/parallel_for.h"

namespace octavo::bench {
namespace {

constexpr size_t kDepth = 4096, kColumns = 11008;
constexpr size_t kMatrices = 12;  // 200 MB and more

template <typename Run>
double seconds_of(Run run) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  run();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

#if defined(OCTAVO_X86) && !defined(OCTAVO_EMULATE)
constexpr ReadLoop kReads[] = {read_in_order_x86_avx2, read_by_pages_x86_avx2};
#else
constexpr ReadLoop kReads[] = {nullptr};
#endif

// Reads memory from where it was left off.
class Reader {
 public:
  explicit Reader(uint32_t threads) : threads_(threads), memory_(size_t{96} << 20) {
    std::fill_n(memory_.data(), memory_.size(), 1.0f);
  }

  // Bytes a second of about `bytes`.
  double run(ReadLoop read, size_t bytes) {
    const size_t share = bytes / threads_ / kReadBlock * kReadBlock;
    if (at_ + share * threads_ > memory_.bytes()) at_ = 0;
    const float* const from = memory_.data() + at_ / sizeof(float);
    at_ += share * threads_;
    const double seconds = seconds_of([&] {
      parallel_for(threads_, threads_, [&](size_t thread) {
        volatile float sum = read(from + thread * (share / sizeof(float)), share);
        static_cast<void>(sum);
      });
    });
    return static_cast<double>(share * threads_) / seconds;
  }

 private:
  uint32_t threads_;
  AlignedBuffer<float> memory_;
  size_t at_ = 0;
};

double product_rate(const PackedBlocks& rhs, const std::vector<float>& lhs, size_t m,
                    std::vector<float>& out, uint32_t threads) {
  octavo_block_matmul_args args{};
  args.lhs = lhs.data();
  args.m = m;
  args.lhs_stride = rhs.k;
  args.mode = OCTAVO_BLOCK_DYNAMIC_INT8;
  args.out = out.data();
  args.out_stride = rhs.n;
  args.threads = threads;
  return static_cast<double>(rhs.panels.bytes()) / seconds_of([&] { block_gemm(args, rhs); });
}

void report(const Format& format, size_t m, const std::vector<PackedBlocks>& matrices,
            Reader& reader, uint32_t threads, size_t rounds) {
  std::vector<float> lhs(m * kDepth), out(m * kColumns);
  for (size_t i = 0; i < lhs.size(); ++i) lhs[i] = 0.01f * static_cast<float>(i % 977) - 4;
  std::vector<double> products, reads, shares;
  for (size_t turn = 0; turn < rounds * matrices.size(); ++turn) {
    const PackedBlocks& rhs = matrices[turn % matrices.size()];
    products.push_back(product_rate(rhs, lhs, m, out, threads));
    double fastest = 0;
    for (ReadLoop read : kReads) {
      if (read != nullptr) fastest = std::max(fastest, reader.run(read, rhs.panels.bytes()));
    }
    reads.push_back(fastest);
    if (fastest != 0) shares.push_back(products.back() / fastest);
  }
  std::printf("%2zu rows  %u bits, blocks of %4zu  %5.1f GB/s", m, format.bits, format.block_size,
              1e-9 * median(products));
  if (!shares.empty()) {
    std::printf("  of %5.1f read: %5.1f%%", 1e-9 * median(reads), 100 * median(shares));
  }
  std::printf("\n");
}

}  // namespace
}  // namespace octavo::bench

int main(int count, char** arguments) {
  using namespace octavo::bench;
  const auto number = [&](int at, unsigned long otherwise) {
    return count > at ? std::strtoul(arguments[at], nullptr, 10) : otherwise;
  };
  const uint32_t threads = static_cast<uint32_t>(std::max(1ul, number(1, 1)));
  const size_t rounds = std::max(1ul, number(2, 3));
  Reader reader(threads);
  for (const Format& format : {Format{4, 32}, Format{4, 128}, Format{8, 32}, Format{2, 32}}) {
    std::vector<octavo::PackedBlocks> matrices;
    for (size_t i = 0; i < kMatrices; ++i) {
      matrices.push_back(some_blocks(kDepth, kColumns, format));
    }
    for (size_t m : {1, 2, 4, 8, 12}) report(format, m, matrices, reader, threads, rounds);
  }
  return EXIT_SUCCESS;
}
