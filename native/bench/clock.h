// The shortest of several runs: the one that the rest of the machine disturbed least.
#ifndef OCTAVO_BENCH_CLOCK_H_
#define OCTAVO_BENCH_CLOCK_H_

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>

namespace octavo::bench {

template <typename Run>
double best_seconds(Run run, double budget = 0.15) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  double best = std::numeric_limits<double>::infinity();
  const Clock::time_point begin = Clock::now();
  for (int runs = 0; runs < 5 || seconds_since(begin) < budget; ++runs) {
    const Clock::time_point start = Clock::now();
    run();
    best = std::min(best, seconds_since(start));
  }
  return best;
}

// The same in time of this thread on a processor: what other processes take from it does not count.
// Reading that clock takes as long as a small run: as many are timed together as take a while.
template <typename Run>
double best_cpu_seconds(Run run, double budget = 0.15) {
  const auto now = [] {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const auto seconds_of = [&](size_t runs) {
    const double start = now();
    for (size_t i = 0; i < runs; ++i) run();
    return now() - start;
  };
  constexpr double kLongEnough = 5e-5;
  size_t together = 1;
  while (seconds_of(together) < kLongEnough) together *= 2;
  double best = std::numeric_limits<double>::infinity();
  const double begin = now();
  for (int rounds = 0; rounds < 5 || now() - begin < budget; ++rounds) {
    best = std::min(best, seconds_of(together));
  }
  return best / static_cast<double>(together);
}

}  // namespace octavo::bench

#endif  // OCTAVO_BENCH_CLOCK_H_
