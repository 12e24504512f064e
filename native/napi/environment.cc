#include "environment.h"

#include "async_run.h"
#include "octavo/threads.h"
#include "program/executor.h"

namespace octavo::napi {
namespace {

std::atomic<int> environments{0};

void check(napi_env env, napi_status status) {
  if (status != napi_ok) throw Napi::Error::New(env);
}

}  // namespace

void Environment::attach(Napi::Env env) {
  auto* environment = new Environment(env);
  ++environments;
  check(env, napi_set_instance_data(
                 env, environment,
                 [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); },
                 nullptr));
  check(env, napi_add_env_cleanup_hook(env, detach, environment));
}

Environment& Environment::of(napi_env env) {
  void* data = nullptr;
  check(env, napi_get_instance_data(env, &data));
  return *static_cast<Environment*>(data);
}

Environment::Environment(napi_env env) : env_(env) {
  napi_value name = nullptr;
  check(env, napi_create_string_utf8(env, "octavo", NAPI_AUTO_LENGTH, &name));
  check(env, napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr,
                                             nullptr, finish, &finish_));
  check(env, napi_unref_threadsafe_function(env, finish_));
}

void Environment::begin(AsyncRun& run) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    run.id = next_id_++;
    running_.emplace(run.id, run.stop);
  }
  if (unfinished_++ == 0) napi_ref_threadsafe_function(env_, finish_);
}

void Environment::end(AsyncRun& run) {
  const uint64_t id = run.id;  // the run may be gone after the call
  napi_call_threadsafe_function(finish_, &run, napi_tsfn_nonblocking);
  const std::lock_guard<std::mutex> lock(mutex_);
  running_.erase(id);
  if (running_.empty()) idle_.notify_all();
}

// `env` is null where the environment ends before it could be told.
void Environment::finish(napi_env env, napi_value, void*, void* run) {
  const std::unique_ptr<AsyncRun> finished(static_cast<AsyncRun*>(run));
  if (env == nullptr) return;
  Environment& environment = finished->environment;
  if (--environment.unfinished_ == 0) napi_unref_threadsafe_function(env, environment.finish_);
  finished->finish(env);
}

void Environment::detach(void* data) {
  Environment& environment = *static_cast<Environment*>(data);
  {
    std::unique_lock<std::mutex> lock(environment.mutex_);
    for (auto& [id, stop] : environment.running_) stop->store(true, std::memory_order_relaxed);
    environment.idle_.wait(lock, [&] { return environment.running_.empty(); });
  }
  if (--environments != 0) return;
  stop_executor();
  octavo_stop_threads();
}

}  // namespace octavo::napi
