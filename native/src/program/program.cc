#include "program/program.h"

#include <chrono>

#include "program/op_reader.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

constexpr const char* kNames[] = {
#define OCTAVO_OP(name) #name,
#include "program/ops.inc"
#undef OCTAVO_OP
};

constexpr MakeOp kMakers[] = {
#define OCTAVO_OP(name) make_##name,
#include "program/ops.inc"
#undef OCTAVO_OP
};

constexpr size_t kOpCount = std::size(kNames);
constexpr size_t kNumbersPerSlot = 3;
constexpr double kLargest = 9007199254740991.0;
// Pointers to the memories of a run live on its stack.
constexpr size_t kMostMemories = 4096;

size_t size_of(double number) {
  require(number >= 0 && number <= kLargest, "slots", "numbers from 0 to 2^53 - 1");
  const size_t size = static_cast<size_t>(number);
  require(static_cast<double>(size) == number, "slots", "whole numbers");
  return size;
}

// Turns the numbers of a spec into slots within their memories.
class SlotTable {
 public:
  explicit SlotTable(const ProgramSpec& spec)
      : spec_(spec), first_input_(1 + spec.constants.size()) {
    require(spec.slots.size() % kNumbersPerSlot == 0, "slots", "three numbers for each");
    for (size_t i = 0; i < spec.slots.size(); i += kNumbersPerSlot) {
      slots_.push_back(slot(spec.slots.subspan(i, kNumbersPerSlot)));
    }
  }

  std::span<const Slot> slots() const { return slots_; }

 private:
  size_t memory_bytes(size_t base) const {
    if (base == 0) return spec_.arena_bytes;
    if (base < first_input_) return spec_.constants[base - 1]->size();
    const size_t input = base - first_input_;
    if (input < spec_.input_bytes.size()) return spec_.input_bytes[input];
    const size_t output = input - spec_.input_bytes.size();
    require(output < spec_.output_bytes.size(), "slots", "a memory that exists");
    return spec_.output_bytes[output];
  }

  Slot slot(std::span<const double> numbers) const {
    const size_t base = size_of(numbers[0]), offset = size_of(numbers[1]),
                 bytes = size_of(numbers[2]);
    const size_t memory = memory_bytes(base);
    require(offset <= memory && bytes <= memory - offset, "slots", "bytes within their memory");
    Slot slot;
    slot.operand = {static_cast<uint32_t>(base), offset, bytes, true};
    const bool is_constant = base != 0 && base < first_input_;
    if (is_constant) slot.constant = spec_.constants[base - 1]->data() + offset;
    slot.writable = base == 0 || base >= first_input_ + spec_.input_bytes.size();
    return slot;
  }

  const ProgramSpec& spec_;
  size_t first_input_;
  std::vector<Slot> slots_;
};

std::unique_ptr<const Op> make_op(std::span<const int32_t>& code, std::span<const Slot> slots,
                                  std::span<const PackedWeights> weights,
                                  std::span<size_t> alignments) {
  constexpr size_t kHeader = 3;
  require(code.size() >= kHeader, "code", "a whole op");
  const uint32_t number = static_cast<uint32_t>(code[0]);
  const uint32_t operands = static_cast<uint32_t>(code[1]);
  const uint32_t words = static_cast<uint32_t>(code[2]);
  require(number < kOpCount, "code", "the number of an op");
  code = code.subspan(kHeader);
  require(operands <= code.size() && words <= code.size() - operands, "code", "a whole op");
  OpReader reader(kNames[number], code.first(operands), code.subspan(operands, words), slots,
                  weights, alignments);
  code = code.subspan(operands + words);
  std::unique_ptr<const Op> op = kMakers[number](reader);
  reader.finish();
  return op;
}

InvalidArgument in_op(size_t number, const InvalidArgument& error) {
  return InvalidArgument{"op " + std::to_string(number) + ": " + error.message};
}

void check_alignment(std::span<const uint8_t* const> memories, std::span<const size_t> alignments,
                     const char* name) {
  for (size_t i = 0; i < memories.size(); ++i) {
    require(reinterpret_cast<uintptr_t>(memories[i]) % alignments[i] == 0, name,
            "memory aligned for its elements");
  }
}

// Callers must not read what is being written.
void check_buffers(const RunBuffers& buffers, std::span<const size_t> input_bytes,
                   std::span<const size_t> output_bytes) {
  for (size_t o = 0; o < output_bytes.size(); ++o) {
    for (size_t i = 0; i < input_bytes.size(); ++i) {
      check_disjoint(buffers.outputs[o], output_bytes[o], buffers.inputs[i], input_bytes[i],
                     "memory apart from the inputs");
    }
    for (size_t i = 0; i < o; ++i) {
      check_disjoint(buffers.outputs[o], output_bytes[o], buffers.outputs[i], output_bytes[i],
                     "memory apart from other outputs");
    }
  }
}

double nanoseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

// An arena that no other run uses, given back at the end.
class Program::ArenaLease {
 public:
  explicit ArenaLease(const Program& program) : program_(program) {
    {
      const std::lock_guard<std::mutex> lock(program.arenas_mutex_);
      if (!program.arenas_.empty()) {
        arena_ = std::move(program.arenas_.back());
        program.arenas_.pop_back();
        return;
      }
    }
    arena_ = AlignedBuffer<uint8_t>(program.arena_bytes_);
  }
  ~ArenaLease() {
    const std::lock_guard<std::mutex> lock(program_.arenas_mutex_);
    // More than were ever needed at once for long are not kept; there is room for the others.
    if (program_.arenas_.size() < program_.arenas_.capacity()) {
      program_.arenas_.push_back(std::move(arena_));
    }
  }
  ArenaLease(const ArenaLease&) = delete;
  ArenaLease& operator=(const ArenaLease&) = delete;

  uint8_t* data() { return arena_.data(); }

 private:
  const Program& program_;
  AlignedBuffer<uint8_t> arena_;
};

Program::Program(const ProgramSpec& spec)
    : constants_(spec.constants),
      input_bytes_(spec.input_bytes),
      output_bytes_(spec.output_bytes),
      arena_bytes_(spec.arena_bytes),
      threads_(spec.threads),
      metadata_(spec.metadata) {
  constexpr size_t kKeptArenas = 4;
  require(1 + constants_.size() + input_bytes_.size() + output_bytes_.size() <= kMostMemories,
          "memories", "at most 4096");
  alignments_.assign(1 + constants_.size() + input_bytes_.size() + output_bytes_.size(), 1);
  const SlotTable table(spec);
  for (std::span<const int32_t> code = spec.code; !code.empty();) {
    try {
      ops_.push_back(make_op(code, table.slots(), spec.weights, alignments_));
    } catch (const InvalidArgument& error) {
      throw in_op(ops_.size(), error);
    }
  }
  arenas_.reserve(kKeptArenas);
  arenas_.emplace_back(arena_bytes_);
}

RunResult Program::run(const RunBuffers& buffers, const RunOptions& options) const {
  check_buffers(buffers, input_bytes_, output_bytes_);
  const auto alignments = std::span(alignments_).subspan(1 + constants_.size());
  check_alignment(buffers.inputs, alignments, "inputs");
  check_alignment(buffers.outputs, alignments.subspan(input_bytes_.size()), "outputs");
  const ThreadLimit limit(threads_);
  ArenaLease arena(*this);
  uint8_t* bases[kMostMemories];
  uint8_t** next = bases;
  *next++ = arena.data();
  for (const auto& block : constants_) *next++ = const_cast<uint8_t*>(block->data());
  for (const uint8_t* input : buffers.inputs) *next++ = const_cast<uint8_t*>(input);
  for (uint8_t* output : buffers.outputs) *next++ = output;
  const Frame frame{bases};
  size_t i = 0;
  try {
    for (; i < ops_.size(); ++i) {
      if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) {
        return RunResult::stopped;
      }
      if (options.nanoseconds == nullptr) {
        ops_[i]->run(frame);
        continue;
      }
      const auto start = std::chrono::steady_clock::now();
      ops_[i]->run(frame);
      options.nanoseconds[i] = nanoseconds_since(start);
    }
  } catch (const InvalidArgument& error) {
    throw in_op(i, error);
  }
  return RunResult::done;
}

std::span<const char* const> op_names() { return kNames; }

}  // namespace octavo
