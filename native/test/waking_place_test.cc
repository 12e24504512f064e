#include "threading/waking_place.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <set>
#include <thread>
#include <vector>

#include "octavo/threads.h"
#include "threading/parallel_for.h"

#ifdef __linux__
#include <pthread.h>
#include <sched.h>

namespace octavo {
namespace {

std::set<int> allowed(pthread_t thread) {
  cpu_set_t mask;
  EXPECT_EQ(pthread_getaffinity_np(thread, sizeof mask, &mask), 0);
  std::set<int> processors;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (CPU_ISSET(processor, &mask)) processors.insert(processor);
  }
  return processors;
}

// A thread that sleeps until its place is left, and says where it may run then.
class Sleeper {
 public:
  Sleeper()
      : thread_([this] {
          wake_.get_future().wait();
          place.leave();
          after_ = allowed(pthread_self());
        }) {}

  pthread_t handle() { return thread_.native_handle(); }

  std::set<int> wake() {
    wake_.set_value();
    thread_.join();
    return after_;
  }

  WakingPlace place;

 private:
  std::promise<void> wake_;
  std::set<int> after_;
  std::thread thread_;
};

TEST(WakingPlaceTest, KeepsAThreadOffOneProcessorUntilItIsAwake) {
  const std::set<int> all = allowed(pthread_self());
  if (all.size() < 2) GTEST_SKIP() << "needs two processors";
  for (int processor : all) {
    Sleeper sleeper;
    sleeper.place.keep_off(sleeper.handle(), processor);
    std::set<int> others = all;
    others.erase(processor);
    EXPECT_EQ(allowed(sleeper.handle()), others);
    EXPECT_EQ(sleeper.wake(), all);
  }
}

TEST(WakingPlaceTest, RemembersWhereAThreadMightRunBeforeItWasKeptOffTwice) {
  const std::set<int> all = allowed(pthread_self());
  Sleeper sleeper;
  for (int processor : all) sleeper.place.keep_off(sleeper.handle(), processor);
  EXPECT_EQ(sleeper.wake(), all);
}

TEST(WakingPlaceTest, LeavesAThreadItsOnlyProcessor) {
  const int only = *allowed(pthread_self()).begin();
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(only, &mask);
  Sleeper sleeper;
  EXPECT_EQ(pthread_setaffinity_np(sleeper.handle(), sizeof mask, &mask), 0);
  sleeper.place.keep_off(sleeper.handle(), only);
  EXPECT_EQ(allowed(sleeper.handle()), std::set<int>{only});
  EXPECT_EQ(sleeper.wake(), std::set<int>{only});
}

TEST(WakingPlaceTest, IgnoresProcessorsThatDoNotExist) {
  const std::set<int> all = allowed(pthread_self());
  Sleeper sleeper;
  for (int processor : {-1, CPU_SETSIZE, CPU_SETSIZE - 1}) {
    sleeper.place.keep_off(sleeper.handle(), processor);
    EXPECT_EQ(allowed(sleeper.handle()), all);
  }
  EXPECT_EQ(sleeper.wake(), all);
}

// The first call starts the threads, the second wakes them.
TEST(WakingPlaceTest, ThreadsOfThePoolMayRunAnywhereOnceTheyRun) {
  const uint32_t spin = octavo_spin_microseconds();
  octavo_set_spin_microseconds(0);
  octavo_stop_threads();
  const std::set<int> all = allowed(pthread_self());
  for (int call = 0; call < 2; ++call) {
    std::vector<std::set<int>> seen(8);
    parallel_for(seen.size(), 3, [&](size_t task) {
      seen[task] = allowed(pthread_self());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    });
    for (const std::set<int>& processors : seen) EXPECT_EQ(processors, all);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  octavo_set_spin_microseconds(spin);
  octavo_stop_threads();
}

}  // namespace
}  // namespace octavo

#endif
