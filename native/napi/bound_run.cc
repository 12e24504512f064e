// A program with the arrays that it runs on: one call without arguments, which looks at each array
// again, because its memory may have been detached or resized.
#include <vector>

#include "api/boundary.h"
#include "bindings.h"
#include "native_handle.h"
#include "run_buffers.h"

namespace octavo::napi {
namespace {

class BoundRun {
 public:
  BoundRun(const Arguments& arguments, const std::shared_ptr<const Program>& program,
           std::span<const napi_value> inputs, std::span<const napi_value> outputs)
      : env_(arguments.env()),
        program_(program),
        input_count_(inputs.size()),
        memories_(inputs.size() + outputs.size()) {
    for (const auto values : {inputs, outputs}) {
      for (const napi_value value : values) hold(value);
    }
    hold(arguments.value(0));
  }
  ~BoundRun() {
    for (napi_ref object : held_) napi_delete_reference(env_, object);
  }
  BoundRun(const BoundRun&) = delete;
  BoundRun& operator=(const BoundRun&) = delete;

  octavo_status run() {
    return at_boundary([&] {
      const auto program = program_.lock();
      require(program != nullptr, "program", "one that is not released");
      find_memories(program->input_bytes(), 0);
      find_memories(program->output_bytes(), input_count_);
      uint8_t** memories = memories_.data();
      program->run({{memories, input_count_},
                     {memories + input_count_, memories_.size() - input_count_}});
    });
  }

 private:
  void hold(napi_value value) {
    napi_ref reference = nullptr;
    if (napi_create_reference(env_, value, 1, &reference) != napi_ok) throw Napi::Error::New(env_);
    held_.push_back(reference);
  }

  void find_memories(std::span<const size_t> needed, size_t first) {
    for (size_t i = 0; i < needed.size(); ++i) {
      napi_value array = nullptr;
      Bytes bytes;
      const bool found =
          napi_get_reference_value(env_, held_[first + i], &array) == napi_ok &&
          read_bytes(env_, array, bytes) && bytes.count >= needed[i];
      require(found, "bound arrays", "the size that they had");
      memories_[first + i] = bytes.data;
    }
  }

  napi_env env_;
  std::weak_ptr<const Program> program_;  // releasing its handle frees it
  size_t input_count_;
  std::vector<napi_ref> held_;  // the arrays, then the handle, which must live as long
  std::vector<uint8_t*> memories_;
};

napi_value run_bound(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  size_t count = 0;
  if (napi_get_cb_info(env, info, &count, nullptr, nullptr, &data) != napi_ok) return nullptr;
  const octavo_status status = static_cast<BoundRun*>(data)->run();
  if (status == OCTAVO_OK) return nullptr;
  const bool memory = status == OCTAVO_OUT_OF_MEMORY;
  napi_throw_error(env, memory ? "CPU_OUT_OF_MEMORY" : "CPU_INVALID_ARGUMENT",
                   octavo_last_error());
  return nullptr;
}

}  // namespace

Napi::Value bind_program(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "bindProgram");
  const auto inputs = arguments.list(1, "inputs");
  const auto outputs = arguments.list(2, "outputs");
  const auto& program = ProgramHandle::unwrap(arguments, 0);
  read_memories(arguments, "inputs", inputs, program->input_bytes());
  read_memories(arguments, "outputs", outputs, program->output_bytes());
  auto bound = std::make_unique<BoundRun>(arguments, program, inputs, outputs);
  napi_value function = nullptr;
  const napi_status status =
      napi_create_function(call.Env(), "run", NAPI_AUTO_LENGTH, run_bound, bound.get(), &function);
  if (status != napi_ok) throw Napi::Error::New(call.Env());
  Napi::Function(call.Env(), function)
      .AddFinalizer([](Napi::Env, BoundRun* data) { delete data; }, bound.get());
  bound.release();
  return Napi::Value(call.Env(), function);
}

}  // namespace octavo::napi
