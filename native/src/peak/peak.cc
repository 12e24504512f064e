#include "peak/peak.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/aligned_buffer.h"
#include "peak/peak_loop.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

struct PeakEntry {
  octavo_peak_kind kind;
  IsaSet isa;
  const char* instruction;
  PeakLoop loop;
  ReadLoop read;
};

// Best first.
constexpr PeakEntry kTable[] = {
#if defined(OCTAVO_X86) && !defined(OCTAVO_EMULATE)
    {OCTAVO_PEAK_INT8, isa::avx512_vnni, "vpdpbusd zmm", peak_vpdpbusd_x86_avx512vnni, nullptr},
    {OCTAVO_PEAK_INT8, isa::avx_vnni, "vpdpbusd ymm", peak_vpdpbusd_x86_avxvnni, nullptr},
    {OCTAVO_PEAK_INT8, isa::avx2, "vpmaddwd ymm", peak_vpmaddwd_x86_avx2, nullptr},
    {OCTAVO_PEAK_F32, isa::avx512, "vfmadd231ps zmm", peak_vfmadd_x86_avx512, nullptr},
    {OCTAVO_PEAK_F32, isa::avx2_fma, "vfmadd231ps ymm", peak_vfmadd_x86_avx2fma, nullptr},
    {OCTAVO_PEAK_READ, isa::avx2, "vmovups ymm", nullptr, read_x86_avx2},
#endif
    {-1, isa::scalar, nullptr, nullptr, nullptr},
};

const PeakEntry* find(octavo_peak_kind kind, IsaSet available) {
  for (const PeakEntry& entry : kTable) {
    if (entry.kind == kind && available.contains(entry.isa)) return &entry;
  }
  return nullptr;
}

double seconds_now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

// The most that `run`, which returns what it did, does a second in any of several moments.
template <typename Run>
double best_rate(uint32_t milliseconds, Run run) {
  double best = 0;
  const double end = seconds_now() + milliseconds * 1e-3;
  do {
    const double start = seconds_now();
    const double done = run();
    best = std::max(best, done / (seconds_now() - start));
  } while (seconds_now() < end);
  return best;
}

double measure_loop(PeakLoop loop, uint32_t threads, uint32_t milliseconds) {
  constexpr long kRounds = 50'000;  // about 0.1 ms
  return best_rate(milliseconds, [&] {
    std::atomic<double> operations{0};
    parallel_for(threads, threads, [&](size_t) { operations.fetch_add(loop(kRounds)); });
    return operations.load();
  });
}

double measure_read(ReadLoop read, uint32_t threads, uint32_t milliseconds) {
  // Beyond the caches of any CPU of this kind that shares them among few cores.
  constexpr size_t kBytes = size_t{192} << 20;
  AlignedBuffer<float> data(kBytes / sizeof(float));
  std::fill_n(data.data(), data.size(), 1.0f);
  const size_t share = kBytes / threads / kReadBlock * kReadBlock;
  std::atomic<float> sum{0};
  return best_rate(milliseconds, [&] {
    parallel_for(threads, threads, [&](size_t thread) {
      sum.store(read(data.data() + thread * (share / sizeof(float)), share));
    });
    return static_cast<double>(share * threads);
  });
}

}  // namespace

octavo_peak measure_peak(octavo_peak_kind kind, uint32_t threads, uint32_t milliseconds,
                         IsaSet available) {
  const PeakEntry* entry = find(kind, available);
  if (entry == nullptr) return {nullptr, 0};
  const double rate = entry->loop != nullptr ? measure_loop(entry->loop, threads, milliseconds)
                                             : measure_read(entry->read, threads, milliseconds);
  return {entry->instruction, rate};
}

}  // namespace octavo
