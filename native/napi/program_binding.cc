#include <cstring>

#include "api/boundary.h"
#include "bindings.h"
#include "native_handle.h"
#include "program/registry.h"
#include "run_buffers.h"

namespace octavo::napi {
namespace {

PackedWeights weights_in(const Arguments& arguments, napi_value element) {
  const Napi::Value value(arguments.env(), element);
  if (auto matrix = MatrixHandle::get(value)) return matrix;
  if (auto conv2d = Conv2dHandle::get(value)) return conv2d;
  if (auto matrix = FloatMatrixHandle::get(value)) return matrix;
  if (auto conv2d = FloatConv2dHandle::get(value)) return conv2d;
  if (auto blocks = BlockMatrixHandle::get(value)) return blocks;
  arguments.fail("weights", "packed weights", "another value");
}

std::shared_ptr<const ConstantBlock> constant_in(const Arguments& arguments, napi_value element) {
  auto constant = ConstantHandle::get(Napi::Value(arguments.env(), element));
  if (constant == nullptr) arguments.fail("constants", ConstantKind::expected, "another value");
  return constant;
}

std::vector<size_t> sizes_in(const Arguments& arguments, size_t index, const char* name) {
  std::vector<size_t> sizes;
  for (const double number : arguments.numbers(index, name)) {
    const bool whole = number >= 0 && number <= static_cast<double>(SIZE_MAX / 4) &&
                       static_cast<double>(static_cast<size_t>(number)) == number;
    if (!whole) arguments.fail(name, "whole numbers", std::to_string(number));
    sizes.push_back(static_cast<size_t>(number));
  }
  return sizes;
}

template <typename T>
std::vector<T*> pointers(const std::vector<Bytes>& memories) {
  std::vector<T*> result;
  for (const Bytes& memory : memories) result.push_back(memory.data);
  return result;
}

uint32_t integer_in(const Arguments& arguments, size_t index, const char* name) {
  const size_t number = arguments.size(index, name);
  if (number > UINT32_MAX) arguments.fail(name, "a smaller number", std::to_string(number));
  return static_cast<uint32_t>(number);
}

}  // namespace

Napi::Value op_names(const Napi::CallbackInfo& call) {
  Napi::Array names = Napi::Array::New(call.Env());
  uint32_t next = 0;
  for (const char* name : octavo::op_names()) names[next++] = Napi::String::New(call.Env(), name);
  return names;
}

Napi::Value make_constant(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "makeConstant");
  Bytes bytes;
  if (!read_bytes(call.Env(), call[0], bytes)) {
    arguments.fail("data", "a typed array", "another value");
  }
  std::unique_ptr<ConstantBlock> block;
  arguments.require_ok(at_boundary([&] {
    block = std::make_unique<ConstantBlock>(bytes.count);
    if (bytes.count != 0) std::memcpy(block->data(), bytes.data, bytes.count);
  }));
  return ConstantHandle::wrap(call.Env(), block.release());
}

Napi::Value create_program(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "createProgram");
  ProgramSpec spec;
  for (napi_value element : arguments.list(3, "constants")) {
    spec.constants.push_back(constant_in(arguments, element));
  }
  for (napi_value element : arguments.list(4, "weights")) {
    spec.weights.push_back(weights_in(arguments, element));
  }
  if (!call[8].IsString()) arguments.fail("metadata", "a string", "another value");
  spec.metadata = call[8].As<Napi::String>().Utf8Value();
  spec.threads = integer_in(arguments, 7, "threads");
  spec.arena_bytes = arguments.size(2, "arenaBytes");
  spec.input_bytes = sizes_in(arguments, 5, "inputBytes");
  spec.output_bytes = sizes_in(arguments, 6, "outputBytes");
  spec.code = arguments.integers(0, "code");
  spec.slots = arguments.numbers(1, "slots");
  std::unique_ptr<Program> program;
  arguments.require_ok(at_boundary([&] { program = std::make_unique<Program>(spec); }));
  return ProgramHandle::wrap(call.Env(), program.release());
}

void run_program(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "runProgram");
  const auto inputs = arguments.list(1, "inputs");
  const auto outputs = arguments.list(2, "outputs");
  const auto program = ProgramHandle::unwrap(arguments, 0);
  const auto sources = read_memories(arguments, "inputs", inputs, program->input_bytes());
  const auto targets = read_memories(arguments, "outputs", outputs, program->output_bytes());
  RunOptions options;
  std::vector<double> nanoseconds;
  if (!call[3].IsUndefined()) {
    arguments.require_count("nanoseconds", arguments.numbers(3, "nanoseconds").size(),
                            program->op_count());
    nanoseconds.resize(program->op_count());
    options.nanoseconds = nanoseconds.data();
  }
  const auto in = pointers<const uint8_t>(sources);
  const auto out = pointers<uint8_t>(targets);
  arguments.require_ok(at_boundary([&] { program->run({in, out}, options); }));
  if (nanoseconds.empty()) return;
  const auto times = arguments.numbers(3, "nanoseconds");
  std::memcpy(const_cast<double*>(times.data()), nanoseconds.data(), times.size_bytes());
}

Napi::Value share_program(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "shareProgram");
  const ProgramToken token = octavo::share_program(ProgramHandle::unwrap(arguments, 0));
  Napi::Array numbers = Napi::Array::New(call.Env(), 2);
  numbers[uint32_t{0}] = Napi::Number::New(call.Env(), token.id);
  numbers[uint32_t{1}] = Napi::Number::New(call.Env(), token.generation);
  return numbers;
}

Napi::Value open_program(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "openProgram");
  const auto program = octavo::open_program(
      {integer_in(arguments, 0, "id"), integer_in(arguments, 1, "generation")});
  if (program == nullptr) return call.Env().Undefined();
  Napi::Array opened = Napi::Array::New(call.Env(), 2);
  opened[uint32_t{0}] = ProgramHandle::wrap(call.Env(), program);
  opened[uint32_t{1}] = Napi::String::New(call.Env(), program->metadata());
  return opened;
}

}  // namespace octavo::napi
