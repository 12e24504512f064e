#include "async_run.h"

#include <cstring>

#include "api/boundary.h"
#include "bindings.h"
#include "native_handle.h"
#include "program/executor.h"
#include "run_buffers.h"

namespace octavo::napi {
namespace {

std::vector<AlignedBuffer<uint8_t>> buffers_of(std::span<const size_t> sizes) {
  std::vector<AlignedBuffer<uint8_t>> buffers;
  for (const size_t size : sizes) buffers.emplace_back(size);
  return buffers;
}

template <typename T>
std::vector<T*> pointers(std::vector<AlignedBuffer<uint8_t>>& buffers) {
  std::vector<T*> result;
  for (auto& buffer : buffers) result.push_back(buffer.data());
  return result;
}

// A function that raises the flag, for as long as somebody holds it.
Napi::Value stopper(Napi::Env env, const StopFlag& flag) {
  auto* held = new StopFlag(flag);
  const auto stop = [](const Napi::CallbackInfo& call) {
    static_cast<StopFlag*>(call.Data())->get()->store(true, std::memory_order_relaxed);
  };
  Napi::Function function = Napi::Function::New(env, stop, "stop", held);
  function.AddFinalizer([](Napi::Env, StopFlag* data) { delete data; }, held);
  return function;
}

// Whether every array still has room; JavaScript ran since they were looked at.
bool write_outputs(Napi::Env env, const AsyncRun& run) {
  const Napi::Object arrays = run.arrays.Value();
  std::vector<Bytes> targets(run.outputs.size());
  for (size_t i = 0; i < targets.size(); ++i) {
    const Napi::Value array = arrays[static_cast<uint32_t>(i)];
    if (!read_bytes(env, array, targets[i]) || targets[i].count < run.outputs[i].size()) {
      return false;
    }
  }
  for (size_t i = 0; i < targets.size(); ++i) {
    if (run.outputs[i].size() == 0) continue;
    std::memcpy(targets[i].data, run.outputs[i].data(), run.outputs[i].size());
  }
  return true;
}

}  // namespace

AsyncRun::AsyncRun(Environment& of, std::shared_ptr<const Program> to_run)
    : environment(of),
      program(std::move(to_run)),
      inputs(buffers_of(program->input_bytes())),
      outputs(buffers_of(program->output_bytes())) {}

void AsyncRun::run() noexcept {
  RunResult result = RunResult::done;
  const octavo_status status = at_boundary([&] {
    const auto in = pointers<const uint8_t>(inputs);
    const auto out = pointers<uint8_t>(outputs);
    RunOptions options;
    options.stop = stop.get();
    result = program->run({in, out}, options);
  });
  if (status == OCTAVO_OK) {
    if (result == RunResult::stopped) code = "CPU_STOPPED", message = "the run was stopped";
  } else {
    code = status == OCTAVO_OUT_OF_MEMORY ? "CPU_OUT_OF_MEMORY" : "CPU_INVALID_ARGUMENT";
    message = octavo_last_error();
  }
  environment.end(*this);
}

void AsyncRun::finish(napi_env raw) {
  const Napi::Env env(raw);
  const Napi::HandleScope scope(env);
  try {
    if (code == nullptr && !write_outputs(env, *this)) {
      code = "CPU_INVALID_ARGUMENT";
      message = "startProgram: outputs: expected arrays of the same size as before, found others";
    }
    if (code == nullptr) {
      done.Call({env.Undefined()});
      return;
    }
    Napi::Error error = Napi::Error::New(env, message);
    error.Set("code", Napi::String::New(env, code));
    done.Call({error.Value()});
  } catch (const Napi::Error& error) {
    napi_fatal_exception(env, error.Value());
  }
}

Napi::Value start_program(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "startProgram");
  const auto inputs = arguments.list(1, "inputs");
  const auto outputs = arguments.list(2, "outputs");
  const auto program = ProgramHandle::unwrap(arguments, 0);
  if (!call[3].IsFunction()) arguments.fail("done", "a function", "another value");
  const auto sources = read_memories(arguments, "inputs", inputs, program->input_bytes());
  read_memories(arguments, "outputs", outputs, program->output_bytes());
  Environment& environment = Environment::of(call.Env());
  std::unique_ptr<AsyncRun> run;
  arguments.require_ok(
      at_boundary([&] { run = std::make_unique<AsyncRun>(environment, program); }));
  for (size_t i = 0; i < sources.size(); ++i) {
    if (run->inputs[i].size() == 0) continue;
    std::memcpy(run->inputs[i].data(), sources[i].data, run->inputs[i].size());
  }
  Napi::Array arrays = Napi::Array::New(call.Env(), outputs.size());
  for (uint32_t i = 0; i < outputs.size(); ++i) arrays[i] = Napi::Value(call.Env(), outputs[i]);
  run->arrays = Napi::Persistent(arrays.As<Napi::Object>());
  run->done = Napi::Persistent(call[3].As<Napi::Function>());
  Napi::Value stop = stopper(call.Env(), run->stop);
  AsyncRun* started = run.get();
  started->environment.begin(*started);
  try {
    run_later([started] { started->run(); });
  } catch (const std::exception&) {
    started->code = "CPU_OUT_OF_MEMORY";
    started->message = "no thread to run in";
    started->environment.end(*started);
  }
  run.release();
  return stop;
}

}  // namespace octavo::napi
