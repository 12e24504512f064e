// What the addon keeps for each JavaScript environment (the main thread, or a worker).
#ifndef OCTAVO_NAPI_ENVIRONMENT_H_
#define OCTAVO_NAPI_ENVIRONMENT_H_

#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace octavo::napi {

struct AsyncRun;
using StopFlag = std::shared_ptr<std::atomic<bool>>;

// Runs under way: an environment that ends stops them and waits, and the last one ends the
// process's threads, because the addon may be unloaded then.
class Environment {
 public:
  static void attach(Napi::Env env);
  static Environment& of(napi_env env);

  // In the JavaScript thread: `run` is finished later in that thread.
  void begin(AsyncRun& run);
  // In any thread, when the run is over.
  void end(AsyncRun& run);

 private:
  explicit Environment(napi_env env);
  static void detach(void* environment);
  static void finish(napi_env env, napi_value, void*, void* run);

  napi_env env_;
  napi_threadsafe_function finish_ = nullptr;
  size_t unfinished_ = 0;  // in the JavaScript thread
  std::mutex mutex_;
  std::condition_variable idle_;
  uint64_t next_id_ = 0;
  std::unordered_map<uint64_t, StopFlag> running_;
};

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_ENVIRONMENT_H_
