// A compiled graph: a flat list of ops over one arena, run by one call.
#ifndef OCTAVO_SRC_PROGRAM_PROGRAM_H_
#define OCTAVO_SRC_PROGRAM_PROGRAM_H_

#include <atomic>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "program/op.h"
#include "program/packed_weights.h"

namespace octavo {

// What JavaScript describes a program with. Nothing in it is trusted.
struct ProgramSpec {
  // Each op: its number in ops.inc, how many operands and words follow, then those; an operand is
  // the number of a slot, or -1.
  std::span<const int32_t> code;
  // Each slot: the number of its memory (0 for the arena, then constant blocks, inputs and
  // outputs), its first byte and its bytes.
  std::span<const double> slots;
  size_t arena_bytes = 0;
  std::vector<std::shared_ptr<const ConstantBlock>> constants;
  std::vector<size_t> input_bytes;
  std::vector<size_t> output_bytes;
  std::vector<PackedWeights> weights;
  uint32_t threads = 0;  // that a run may use; 0: octavo_threads()
  std::string metadata;  // for whoever opens the program elsewhere
};

// The memory of a caller, at least as large as the program said and aligned for the elements that its
// ops read and write there.
struct RunBuffers {
  std::span<const uint8_t* const> inputs;
  std::span<uint8_t* const> outputs;
};

struct RunOptions {
  double* nanoseconds = nullptr;               // one for each op
  const std::atomic<bool>* stop = nullptr;     // looked at between ops
};

enum class RunResult { done, stopped };

// Immutable once made: runs in several threads at once have an arena each.
class Program {
 public:
  // Throws InvalidArgument where the description is wrong, and std::bad_alloc.
  explicit Program(const ProgramSpec& spec);

  // Throws InvalidArgument, which begins with the number of the op that refuses what it finds
  // (`op 3: `), and std::bad_alloc.
  RunResult run(const RunBuffers& buffers, const RunOptions& options = {}) const;

  size_t op_count() const { return ops_.size(); }
  std::span<const size_t> input_bytes() const { return input_bytes_; }
  std::span<const size_t> output_bytes() const { return output_bytes_; }
  size_t arena_bytes() const { return arena_bytes_; }
  const std::string& metadata() const { return metadata_; }

 private:
  class ArenaLease;

  std::vector<std::unique_ptr<const Op>> ops_;
  std::vector<std::shared_ptr<const ConstantBlock>> constants_;
  std::vector<size_t> input_bytes_, output_bytes_;
  std::vector<size_t> alignments_;  // of each memory, for the elements that lie in it
  size_t arena_bytes_;
  uint32_t threads_;
  std::string metadata_;
  mutable std::mutex arenas_mutex_;
  mutable std::vector<AlignedBuffer<uint8_t>> arenas_;
};

// The names in ops.inc, in their order.
std::span<const char* const> op_names();

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_PROGRAM_H_
