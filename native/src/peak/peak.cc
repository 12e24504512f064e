#include "peak/peak.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#if defined(__linux__)
#include <unistd.h>
#endif

#include "base/aligned_buffer.h"
#include "base/math.h"
#include "peak/peak_loop.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

struct PeakEntry {
  octavo_peak_kind kind;
  IsaSet isa;
  const char* instruction;
  PeakLoop loop;
  const ReadLoop* reads;  // kReads
};

// Orders of reading: which is the fastest depends on what the hardware fetches ahead.
constexpr size_t kReads = 2;
#if defined(OCTAVO_X86) && !defined(OCTAVO_EMULATE)
constexpr ReadLoop kReadsAvx2[kReads] = {read_in_order_x86_avx2, read_by_pages_x86_avx2};
#endif

// Best first.
constexpr PeakEntry kTable[] = {
#if defined(OCTAVO_X86) && !defined(OCTAVO_EMULATE)
    {OCTAVO_PEAK_INT8, isa::avx512_vnni, "vpdpbusd zmm", peak_vpdpbusd_x86_avx512vnni, nullptr},
    {OCTAVO_PEAK_INT8, isa::avx_vnni, "vpdpbusd ymm", peak_vpdpbusd_x86_avxvnni, nullptr},
    {OCTAVO_PEAK_INT8, isa::avx2, "vpmaddwd + vpaddd ymm", peak_vpmaddwd_vpaddd_x86_avx2, nullptr},
    {OCTAVO_PEAK_F32, isa::avx512, "vfmadd231ps zmm", peak_vfmadd_x86_avx512, nullptr},
    {OCTAVO_PEAK_F32, isa::avx2_fma, "vfmadd231ps ymm", peak_vfmadd_x86_avx2fma, nullptr},
    {OCTAVO_PEAK_READ, isa::avx2, "vmovups ymm", nullptr, kReadsAvx2},
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

// In the best moment: what disturbs a loop over registers is no limit of the machine.
double measure_loop(PeakLoop loop, uint32_t threads, uint32_t milliseconds) {
  constexpr long kRounds = 50'000;  // about 0.1 ms
  double best = 0;
  const double end = seconds_now() + milliseconds * 1e-3;
  do {
    const double start = seconds_now();
    std::atomic<double> operations{0};
    parallel_for(threads, threads, [&](size_t) { operations.fetch_add(loop(kRounds)); });
    best = std::max(best, operations.load() / (seconds_now() - start));
  } while (seconds_now() < end);
  return best;
}

// Bytes that are read and timed together.
constexpr size_t kPart = size_t{192} << 20;
// A process may be allowed less memory than the system has.
constexpr size_t kMostParts = 8;

// Parts that no cache keeps until the first comes around again: four times the last cache where the
// system tells its size, at most an eighth of the memory.
size_t parts_to_read() {
#if defined(_SC_LEVEL3_CACHE_SIZE)
  const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
  const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
  if (cache > 0 && pages > 0 && page_bytes > 0) {
    const size_t memory = static_cast<size_t>(pages) * static_cast<size_t>(page_bytes);
    const size_t wanted = div_up(4 * static_cast<size_t>(cache), kPart);
    return std::clamp<size_t>(memory / 8 / kPart, 1, std::min(wanted, kMostParts));
  }
#endif
  return 1;
}

// Over all of the time, in the fastest order: memory is shared with the rest of the machine, and no
// product that reads for as long has only the best moments of it.
double measure_read(const ReadLoop* reads, uint32_t threads, uint32_t milliseconds) {
  const size_t parts = parts_to_read(), floats = kPart / sizeof(float);
  AlignedBuffer<float> data(parts * floats);
  std::fill_n(data.data(), data.size(), 1.0f);
  const size_t share = kPart / threads / kReadBlock * kReadBlock;
  std::atomic<float> sum{0};
  double bytes[kReads] = {}, seconds[kReads] = {};
  const double end = seconds_now() + milliseconds * 1e-3;
  // One part after the other, and as they come around again each has the other order.
  for (size_t i = 0; i < kReads || seconds_now() < end; ++i) {
    const size_t part = i % parts, order = (part + i / parts) % kReads;
    const float* const from = data.data() + part * floats;
    const double start = seconds_now();
    parallel_for(threads, threads, [&](size_t thread) {
      sum.store(reads[order](from + thread * (share / sizeof(float)), share));
    });
    seconds[order] += seconds_now() - start;
    bytes[order] += static_cast<double>(share * threads);
  }
  double best = 0;
  for (size_t order = 0; order < kReads; ++order) {
    if (bytes[order] != 0) best = std::max(best, bytes[order] / seconds[order]);
  }
  return best;
}

}  // namespace

octavo_peak measure_peak(octavo_peak_kind kind, uint32_t threads, uint32_t milliseconds,
                         IsaSet available) {
  const PeakEntry* entry = find(kind, available);
  if (entry == nullptr) return {nullptr, 0};
  const double rate = entry->loop != nullptr ? measure_loop(entry->loop, threads, milliseconds)
                                             : measure_read(entry->reads, threads, milliseconds);
  return {entry->instruction, rate};
}

}  // namespace octavo
