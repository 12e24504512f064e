#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include "octavo/threads.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

// Restores what tests change for all calls.
class ThreadingTest : public ::testing::Test {
 protected:
  ~ThreadingTest() override {
    octavo_set_threads(threads_);
    octavo_set_spin_microseconds(spin_);
    octavo_stop_threads();
  }

 private:
  uint32_t threads_ = octavo_threads();
  uint32_t spin_ = octavo_spin_microseconds();
};

std::vector<int> counts_of_runs(size_t tasks, uint32_t threads) {
  std::vector<int> runs(tasks, 0);
  parallel_for(tasks, threads, [&](size_t task) { ++runs[task]; });
  return runs;
}

std::set<std::thread::id> threads_that_ran(size_t tasks, uint32_t threads) {
  std::vector<std::thread::id> ran(tasks);
  parallel_for(tasks, threads, [&](size_t task) {
    ran[task] = std::this_thread::get_id();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  });
  return {ran.begin(), ran.end()};
}

// Whether two tasks run at once: each waits for the other, for as long as a busy machine may need.
bool two_threads_meet() {
  std::atomic<int> arrived{0};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  parallel_for(2, 2, [&](size_t) {
    ++arrived;
    while (arrived < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  });
  return std::chrono::steady_clock::now() < deadline;
}

TEST_F(ThreadingTest, RunsEachTaskOnce) {
  for (size_t tasks : {0, 1, 2, 3, 7, 64, 1000}) {
    for (uint32_t threads : {0u, 1u, 2u, 5u}) {
      EXPECT_EQ(counts_of_runs(tasks, threads), std::vector<int>(tasks, 1));
    }
  }
}

TEST_F(ThreadingTest, MakesWhatTasksWroteVisible) {
  for (int round = 0; round < 2000; ++round) {
    std::vector<int> written(16, -1);
    parallel_for(written.size(), 4, [&](size_t task) { written[task] = round; });
    ASSERT_EQ(written, std::vector<int>(16, round));
  }
}

TEST_F(ThreadingTest, StaysOnTheCallerWithOneThread) {
  const std::set<std::thread::id> caller{std::this_thread::get_id()};
  EXPECT_EQ(threads_that_ran(20, 1), caller);
  octavo_set_threads(1);
  EXPECT_EQ(threads_that_ran(20, 0), caller);
  octavo_set_threads(4);
  const ThreadLimit limit(1);
  EXPECT_EQ(threads_that_ran(20, 0), caller);
}

TEST_F(ThreadingTest, UsesNoMoreThreadsThanAsked) {
  octavo_set_threads(8);
  const size_t used = threads_that_ran(60, 3).size();
  EXPECT_GT(used, 1u);
  EXPECT_LE(used, 3u);
}

TEST_F(ThreadingTest, RunsNestedLoopsInline) {
  std::atomic<int> sum{0};
  std::atomic<bool> same_thread{true};
  parallel_for(8, 4, [&](size_t) {
    const auto outer = std::this_thread::get_id();
    EXPECT_EQ(usable_threads(), 1u);
    parallel_for(8, 4, [&](size_t task) {
      if (std::this_thread::get_id() != outer) same_thread = false;
      sum += static_cast<int>(task);
    });
  });
  EXPECT_EQ(sum, 8 * 28);
  EXPECT_TRUE(same_thread);
  EXPECT_GE(usable_threads(), 1u);
}

TEST_F(ThreadingTest, LimitsNest) {
  octavo_set_threads(6);
  EXPECT_EQ(usable_threads(), 6u);
  const ThreadLimit outer(3);
  {
    const ThreadLimit inner(2);
    EXPECT_EQ(usable_threads(), 2u);
  }
  EXPECT_EQ(usable_threads(), 3u);
}

// Two callers on two cores need no third thread: the pool's steps back once both are at work.
TEST_F(ThreadingTest, LeavesTheCoresToTheCallers) {
  constexpr int kTasks = 200;
  octavo_set_threads(2);
  std::atomic<int> entered{0}, callers_at_work{2}, by_helpers{0}, total{0};
  const auto call = [&] {
    const auto caller = std::this_thread::get_id();
    bool first = true;
    parallel_for(kTasks, 0, [&](size_t) {
      const bool helps = std::this_thread::get_id() != caller;
      if (!helps && first) {
        first = false;
        ++entered;
        while (entered != 2) std::this_thread::yield();
      }
      std::this_thread::sleep_for(std::chrono::microseconds(20));
      if (helps && entered == 2 && callers_at_work == 2) ++by_helpers;
      ++total;
    });
    --callers_at_work;
  };
  std::thread other(call);
  call();
  other.join();
  EXPECT_EQ(total, 2 * kTasks);
  EXPECT_LE(by_helpers, kTasks / 20);
}

// Sleeping, waking, stopping and several callers at once, with and without time to spin.
TEST_F(ThreadingTest, SurvivesStress) {
  for (uint32_t spin : {0u, 20u}) {
    octavo_set_spin_microseconds(spin);
    std::atomic<size_t> total{0};
    std::vector<std::thread> callers;
    for (uint32_t caller = 0; caller < 4; ++caller) {
      callers.emplace_back([&, caller] {
        for (size_t round = 0; round < 300; ++round) {
          const size_t tasks = (round * 7 + caller) % 23;
          size_t expected = 0;
          std::atomic<size_t> sum{0};
          for (size_t i = 0; i < tasks; ++i) expected += i + 1;
          parallel_for(tasks, 2 + caller % 3, [&](size_t task) { sum += task + 1; });
          ASSERT_EQ(sum, expected);
          total += tasks;
          if (round % 100 == caller) octavo_stop_threads();
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_GT(total, 0u);
  }
}

TEST_F(ThreadingTest, StartsAgainAfterStopping) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(two_threads_meet());
    octavo_stop_threads();
    octavo_stop_threads();
  }
}

TEST_F(ThreadingTest, TakesAnyNumberOfThreads) {
  octavo_set_threads(UINT32_MAX);
  EXPECT_LE(octavo_threads(), 1024u);
  octavo_set_threads(0);
  EXPECT_GE(octavo_threads(), 1u);
  EXPECT_EQ(counts_of_runs(5, UINT32_MAX), std::vector<int>(5, 1));
}

}  // namespace
}  // namespace octavo
