#include "threading/thread_pool.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "threading/physical_cores.h"
#include "threading/spin.h"

namespace octavo {
namespace {

// More help nobody, and a mistaken number must not exhaust the system.
constexpr uint32_t kMostThreads = 1024;
constexpr uint32_t kDefaultSpin = 100;

thread_local bool in_task = false;

// A whole number in an environment variable; `otherwise` where it is unset or anything else.
uint32_t number_in(const char* variable, uint32_t otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  uint32_t number = 0;
  const char* end = text + std::strlen(text);
  const auto result = std::from_chars(text, end, number);
  return result.ec == std::errc() && result.ptr == end ? number : otherwise;
}

uint32_t threads_for(uint32_t wanted) {
  return wanted == 0 ? physical_cores() : std::min(wanted, kMostThreads);
}

}  // namespace

bool inside_task() { return in_task; }

ThreadPool& ThreadPool::instance() {
  static ThreadPool& pool = *new ThreadPool;
  return pool;
}

ThreadPool::ThreadPool()
    : threads_(threads_for(number_in("OCTAVO_THREADS", 0))),
      spin_(number_in("OCTAVO_SPIN_MICROSECONDS", kDefaultSpin)) {}

void ThreadPool::set_threads(uint32_t threads) {
  threads_.store(threads_for(threads), std::memory_order_relaxed);
}

void ThreadPool::run(size_t tasks, uint32_t threads, TaskFn task, void* context) {
  Job job{tasks, task, context, std::min(threads, kMostThreads)};
  add(job);
  in_task = true;
  for (size_t next = 0; take(job); ++next) job.task(job.context, next);
  in_task = false;
  remove(job);
  wait_for_helpers(job);
}

bool ThreadPool::take(Job& job) {
  return job.taken.fetch_add(1, std::memory_order_relaxed) < job.tasks;
}

bool ThreadPool::help_next(Job& job) {
  if (!take(job)) return false;
  const size_t behind = job.taken_from_end.fetch_add(1, std::memory_order_relaxed);
  job.task(job.context, job.tasks - 1 - behind);
  return true;
}

void ThreadPool::add(Job& job) {
  const size_t helpers = std::min<size_t>(job.threads, job.tasks) - 1;
  const std::lock_guard<std::mutex> lock(mutex_);
  start_threads(static_cast<uint32_t>(helpers));
  job.next = jobs_;
  if (jobs_ != nullptr) jobs_->previous = &job;
  jobs_ = &job;
  ++running_;
  if (sleeping_ != 0) spread(helpers);
  announce();
}

void ThreadPool::remove(Job& job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (job.next != nullptr) job.next->previous = job.previous;
  (job.previous != nullptr ? job.previous->next : jobs_) = job.next;
  --running_;
  if (jobs_ != nullptr) announce();
}

// Called with the lock.
void ThreadPool::announce() {
  epoch_.fetch_add(1, std::memory_order_release);
  if (sleeping_ != 0) wake_.notify_all();
}

// Called with the lock, by a thread that is about to work: so many wake elsewhere to help it.
void ThreadPool::spread(size_t helpers) {
  const int here = current_processor();
  for (const auto& worker : workers_) {
    if (helpers == 0) return;
    if (!worker->asleep) continue;
    worker->place.keep_off(worker->thread.native_handle(), here);
    --helpers;
  }
}

void ThreadPool::wait_for_helpers(Job& job) {
  const auto none = [&] { return job.working.load(std::memory_order_acquire) == 0; };
  if (none() || spin_until(spin(), none)) return;
  std::unique_lock<std::mutex> lock(mutex_);
  finished_.wait(lock, none);
}

// Called with the lock. A system without threads to give leaves the work to the caller.
void ThreadPool::start_threads(uint32_t count) {
  try {
    workers_.reserve(count);
    while (workers_.size() < count) {
      auto worker = std::make_unique<Worker>();
      Worker& self = *worker;
      self.thread = std::thread([this, &self, generation = generation_] { work(self, generation); });
      self.place.keep_off(self.thread.native_handle(), current_processor());
      workers_.push_back(std::move(worker));
    }
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
}

void ThreadPool::work(Worker& self, uint64_t generation) {
  in_task = true;
  std::unique_lock<std::mutex> lock(mutex_);
  self.place.leave();
  while (generation == generation_) {
    Job* job = join();
    if (job == nullptr) {
      sleep(self, lock, generation);
      continue;
    }
    lock.unlock();
    help(*job);
    lock.lock();
    leave(*job);
  }
}

// Jobs of several callers together keep no more threads busy than the largest of them would alone:
// the callers run their own, and helpers come and go.
bool ThreadPool::may_help(const Job& job) const {
  return running_.load(std::memory_order_relaxed) < std::max(threads(), job.threads);
}

// Called with the lock.
ThreadPool::Job* ThreadPool::join() {
  for (Job* job = jobs_; job != nullptr; job = job->next) {
    if (job->helpers + 1 >= job->threads || !may_help(*job)) continue;
    if (job->taken.load(std::memory_order_relaxed) >= job->tasks) continue;
    ++job->helpers;
    ++running_;
    job->working.fetch_add(1, std::memory_order_relaxed);
    return job;
  }
  return nullptr;
}

void ThreadPool::help(Job& job) {
  const uint32_t most = std::max(threads(), job.threads);
  while (running_.load(std::memory_order_relaxed) <= most && help_next(job)) continue;
}

// Called with the lock.
void ThreadPool::leave(Job& job) {
  --running_;
  --job.helpers;
  if (job.working.fetch_sub(1, std::memory_order_acq_rel) == 1) finished_.notify_all();
}

// Called with the lock; returns with it when there may be something to do.
void ThreadPool::sleep(Worker& self, std::unique_lock<std::mutex>& lock, uint64_t generation) {
  const uint64_t seen = epoch_.load(std::memory_order_relaxed);
  const auto changed = [&] { return epoch_.load(std::memory_order_acquire) != seen; };
  lock.unlock();
  const bool found = spin_until(spin(), changed);
  lock.lock();
  if (found || generation != generation_) return;
  self.asleep = true;
  ++sleeping_;
  wake_.wait(lock, [&] { return changed() || generation != generation_; });
  --sleeping_;
  self.asleep = false;
  self.place.leave();
}

void ThreadPool::stop() {
  std::vector<std::unique_ptr<Worker>> ended;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++generation_;
    announce();
    ended.swap(workers_);
  }
  for (const auto& worker : ended) worker->thread.join();
}

}  // namespace octavo
