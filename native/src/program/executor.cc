#include "program/executor.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "octavo/threads.h"

namespace octavo {
namespace {

class Executor {
 public:
  void add(std::function<void()> work) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (idle_ <= waiting_.size() && threads_.size() < octavo_threads()) start_thread();
    waiting_.push_back(std::move(work));
    wake_.notify_one();
  }

  void stop() {
    std::vector<std::thread> ended;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++generation_;
      ended.swap(threads_);
      wake_.notify_all();
    }
    for (std::thread& thread : ended) thread.join();
  }

 private:
  // A system without threads to give is refused only where there is none at all.
  void start_thread() {
    try {
      threads_.emplace_back([this, generation = generation_] { serve(generation); });
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;
    }
  }

  void serve(uint64_t generation) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      ++idle_;
      wake_.wait(lock, [&] { return !waiting_.empty() || generation != generation_; });
      --idle_;
      if (waiting_.empty()) return;
      const std::function<void()> work = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  uint64_t generation_ = 0;
};

// Never destroyed: threads may outlive static objects when a process exits.
Executor& executor() {
  static Executor& instance = *new Executor;
  return instance;
}

}  // namespace

void run_later(std::function<void()> work) { executor().add(std::move(work)); }

void stop_executor() { executor().stop(); }

}  // namespace octavo
