// A run in another thread, on copies of its inputs and outputs: JavaScript may detach or resize its
// own memory meanwhile.
#ifndef OCTAVO_NAPI_ASYNC_RUN_H_
#define OCTAVO_NAPI_ASYNC_RUN_H_

#include <napi.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "environment.h"
#include "program/program.h"

namespace octavo::napi {

struct AsyncRun {
  AsyncRun(Environment& of, std::shared_ptr<const Program> to_run);

  // In any thread.
  void run() noexcept;
  // In the JavaScript thread: writes the outputs and calls back.
  void finish(napi_env env);

  Environment& environment;
  uint64_t id = 0;  // in its environment
  std::shared_ptr<const Program> program;
  std::vector<AlignedBuffer<uint8_t>> inputs, outputs;
  Napi::ObjectReference arrays;  // that take the outputs
  Napi::FunctionReference done;
  StopFlag stop = std::make_shared<std::atomic<bool>>(false);
  const char* code = nullptr;  // of what went wrong
  std::string message;
};

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_ASYNC_RUN_H_
