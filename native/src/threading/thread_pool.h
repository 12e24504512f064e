// The process-wide pool behind parallel_for. A job is a loop over tasks that lives on its caller's
// stack while it runs: the caller takes tasks from it, and so do threads of the pool that find it.
#ifndef OCTAVO_SRC_THREADING_THREAD_POOL_H_
#define OCTAVO_SRC_THREADING_THREAD_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/aligned_buffer.h"
#include "threading/parallel_for.h"
#include "threading/waking_place.h"

namespace octavo {

class ThreadPool {
 public:
  // Never destroyed: threads may outlive static objects when a process exits.
  static ThreadPool& instance();

  // parallel_for for at least two tasks on at least two threads, not from inside a task.
  void run(size_t tasks, uint32_t threads, TaskFn task, void* context);
  void stop();

  uint32_t threads() const { return threads_.load(std::memory_order_relaxed); }
  void set_threads(uint32_t threads);
  uint32_t spin() const { return spin_.load(std::memory_order_relaxed); }
  void set_spin(uint32_t microseconds) { spin_.store(microseconds, std::memory_order_relaxed); }

 private:
  struct Job {
    size_t tasks;
    TaskFn task;
    void* context;
    uint32_t threads;
    uint32_t helpers = 0;  // guarded by the pool's mutex, like the links
    Job* next = nullptr;
    Job* previous = nullptr;
    // The helpers once more, for the caller to watch. A helper touches nothing of the job after it
    // has counted itself out here: the caller may be gone.
    alignas(kCacheLine) std::atomic<uint32_t> working{0};
    alignas(kCacheLine) std::atomic<size_t> taken{0};
    // Of these, what helpers took: from the end, while the caller begins at the front. From call to
    // call each then meets much the same tasks, whose data its core still has.
    std::atomic<size_t> taken_from_end{0};
  };

  // Guarded by the pool's mutex.
  struct Worker {
    std::thread thread;
    WakingPlace place;
    bool asleep = false;
  };

  ThreadPool();
  static bool take(Job& job);
  static bool help_next(Job& job);
  void add(Job& job);
  void remove(Job& job);
  void wait_for_helpers(Job& job);
  void start_threads(uint32_t count);
  void work(Worker& self, uint64_t generation);
  bool may_help(const Job& job) const;
  Job* join();
  void help(Job& job);
  void leave(Job& job);
  void announce();
  void spread(size_t helpers);
  void sleep(Worker& self, std::unique_lock<std::mutex>& lock, uint64_t generation);

  std::atomic<uint32_t> threads_;
  std::atomic<uint32_t> spin_;
  // Changes when there may be something to do; read by threads that look for work without sleeping.
  alignas(kCacheLine) std::atomic<uint64_t> epoch_{0};

  alignas(kCacheLine) std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Job* jobs_ = nullptr;
  uint64_t generation_ = 0;  // of the threads: stop() begins a new one
  uint32_t sleeping_ = 0;
  std::atomic<uint32_t> running_{0};  // callers and helpers with a job
};

// Whether this thread is running a task.
bool inside_task();

}  // namespace octavo

#endif  // OCTAVO_SRC_THREADING_THREAD_POOL_H_
