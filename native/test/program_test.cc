#include "program/program.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <thread>

#include "api/checks.h"
#include "one_op_program.h"
#include "program/executor.h"
#include "program/registry.h"
#include "samples.h"

namespace octavo {
namespace {

using test::op_number;

// Reverses 4 floats into the arena, then transposes that as a 2 x 2 matrix.
struct Reversal {
  std::vector<int32_t> code{
      op_number("copy"), 2, 7, 0, 1, 4, 3, 0, 1, 4, -1, 1,
      op_number("copy"), 2, 10, 1, 2, 4, 0, 0, 2, 2, 1, 2, 2, 2, 1,
  };
  std::vector<double> slots{1, 0, 16, 0, 64, 16, 2, 0, 16};

  ProgramSpec spec() const {
    ProgramSpec spec;
    spec.code = code;
    spec.slots = slots;
    spec.arena_bytes = 80;
    spec.input_bytes = {16};
    spec.output_bytes = {16};
    return spec;
  }
};

RunResult run(const Program& program, const std::vector<float>& in, std::vector<float>& out,
              const RunOptions& options = {}) {
  const uint8_t* inputs[] = {reinterpret_cast<const uint8_t*>(in.data())};
  uint8_t* outputs[] = {reinterpret_cast<uint8_t*>(out.data())};
  return program.run({inputs, outputs}, options);
}

const std::vector<float> kIn{1, 2, 3, 4};
const std::vector<float> kOut{4, 2, 3, 1};

// A program of one copy from 4 floats to 4 floats.
ProgramSpec copy_of(std::vector<int32_t>& code, std::vector<double>& slots,
                    std::initializer_list<int32_t> words) {
  code = {op_number("copy"), 2, static_cast<int32_t>(words.size()), 0, 1};
  code.insert(code.end(), words);
  slots = {1, 0, 16, 2, 0, 16};
  ProgramSpec spec;
  spec.code = code;
  spec.slots = slots;
  spec.arena_bytes = 0;
  spec.input_bytes = {16};
  spec.output_bytes = {16};
  return spec;
}

TEST(ProgramTest, RefusesStridesWhoseReachPasses64Bits) {
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  std::vector<int32_t> code;
  std::vector<double> slots;
  // Four spans of (2^31 - 2)(2^31 - 1), one of 12 (2^31 - 1) and the first element, 4, make 2^64.
  const auto input = copy_of(code, slots,
                             {4, 4, 0, 5, kMost, kMost, 0, kMost, kMost, 0, kMost, kMost, 0, kMost,
                              kMost, 0, 13, kMost, 0});
  EXPECT_THROW(Program{input}, InvalidArgument);
  const auto output = copy_of(code, slots,
                              {4, 0, 4, 5, kMost, 0, kMost, kMost, 0, kMost, kMost, 0, kMost,
                               kMost, 0, kMost, 13, 0, kMost});
  EXPECT_THROW(Program{output}, InvalidArgument);
  const auto back = copy_of(code, slots, {4, 0, 0, 2, 2, -1, 1, kMost, 0, 0});
  EXPECT_THROW(Program{back}, InvalidArgument);
}

TEST(ProgramTest, RefusesMoreElementsThanTheOutputHasRoomFor) {
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  std::vector<int32_t> code;
  std::vector<double> slots;
  const auto repeated = copy_of(code, slots, {4, 0, 0, 3, kMost, 0, 0, kMost, 0, 0, kMost, 0, 0});
  EXPECT_THROW(Program{repeated}, InvalidArgument);
  const auto overlapping = copy_of(code, slots, {4, 0, 0, 2, 2, 1, 1, 2, 1, 1});
  EXPECT_THROW(Program{overlapping}, InvalidArgument);
}

TEST(ProgramTest, RunsOpsInOrder) {
  const Program program(Reversal().spec());
  std::vector<float> out(4);
  EXPECT_EQ(run(program, kIn, out), RunResult::done);
  EXPECT_EQ(out, kOut);
}

TEST(ProgramTest, TimesEachOp) {
  const Program program(Reversal().spec());
  std::vector<float> out(4);
  std::vector<double> times(program.op_count(), -1);
  RunOptions options;
  options.nanoseconds = times.data();
  run(program, kIn, out, options);
  for (const double time : times) EXPECT_GE(time, 0);
}

TEST(ProgramTest, StopsBetweenOps) {
  const Program program(Reversal().spec());
  std::vector<float> out(4, -1);
  const std::atomic<bool> stop{true};
  RunOptions options;
  options.stop = &stop;
  EXPECT_EQ(run(program, kIn, out, options), RunResult::stopped);
  EXPECT_EQ(out, std::vector<float>(4, -1));
}

TEST(ProgramTest, RunsInSeveralThreadsAtOnce) {
  const Program program(Reversal().spec());
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        std::vector<float> out(4);
        run(program, kIn, out);
        ASSERT_EQ(out, kOut);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ProgramTest, RefusesOutputsOverInputs) {
  const Program program(Reversal().spec());
  std::vector<float> both(4);
  EXPECT_THROW(run(program, both, both), InvalidArgument);
}

TEST(ProgramTest, RefusesMemoryThatIsNotAlignedForItsElements) {
  const Program program(Reversal().spec());
  alignas(64) uint8_t memory[64] = {};
  const uint8_t* inputs[] = {memory};
  uint8_t* outputs[] = {memory + 32};
  EXPECT_EQ(program.run({inputs, outputs}), RunResult::done);
  ++inputs[0];
  EXPECT_THROW(program.run({inputs, outputs}), InvalidArgument);
  --inputs[0];
  outputs[0] += 2;
  EXPECT_THROW(program.run({inputs, outputs}), InvalidArgument);
}

TEST(ProgramTest, RefusesWhatLeavesItsMemory) {
  struct Change {
    bool of_code;
    size_t at;
    double value;
  };
  const Change changes[] = {
      {false, 0, 7},    {false, 0, -1},  {false, 0, 0.5}, {false, 1, 1},   {false, 2, 15},
      {false, 4, 66},   {false, 4, 65},  {false, 6, 1},   {false, 8, 17},  {false, 4, 1e300},
      {true, 0, 1000},  {true, 0, -1},   {true, 1, 3},    {true, 2, 1000}, {true, 2, -1},
      {true, 3, 9},     {true, 3, -2},   {true, 5, 3},    {true, 6, 2},    {true, 7, 1},
      {true, 8, 9},     {true, 9, 5},    {true, 10, -2},  {true, 11, 2},   {true, 9, -1},
      {false, 7, std::numeric_limits<double>::quiet_NaN()},
  };
  for (const Change& change : changes) {
    Reversal changed;
    if (change.of_code) {
      changed.code[change.at] = static_cast<int32_t>(change.value);
    } else {
      changed.slots[change.at] = change.value;
    }
    EXPECT_THROW(Program(changed.spec()), InvalidArgument)
        << (change.of_code ? "code " : "slot ") << change.at << " = " << change.value;
  }
}

// Whatever the numbers are, a program is refused or stays within its memory (sanitizers watch).
TEST(ProgramTest, SurvivesRandomDescriptions) {
  test::Samples samples(7);
  size_t accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    Reversal changed;
    for (int i = 0; i < 2; ++i) {
      const bool of_code = samples.integer(0, 2) != 0;
      const int32_t value = samples.integer(0, 3) == 0 ? samples.integer(INT32_MIN, INT32_MAX)
                                                        : samples.integer(-3, 20);
      if (of_code) {
        changed.code[static_cast<size_t>(
            samples.integer(0, static_cast<int32_t>(changed.code.size()) - 1))] = value;
      } else {
        changed.slots[static_cast<size_t>(samples.integer(0, 8))] = value;
      }
    }
    try {
      const Program program(changed.spec());
      std::vector<float> out(4);
      run(program, kIn, out);
      ++accepted;
    } catch (const InvalidArgument&) {
    }
  }
  EXPECT_GT(accepted, 100u);
}

TEST(ProgramTest, OpensSharedProgramsWhileSomebodyHoldsThem) {
  auto program = std::make_shared<const Program>(Reversal().spec());
  const ProgramToken token = share_program(program);
  const ProgramToken again = share_program(program);
  EXPECT_EQ(token.id, again.id);
  EXPECT_EQ(token.generation, again.generation);
  auto opened = open_program(token);
  EXPECT_EQ(opened, program);
  program.reset();
  EXPECT_NE(open_program(token), nullptr);
  opened.reset();
  EXPECT_EQ(open_program(token), nullptr);
  program = std::make_shared<const Program>(Reversal().spec());
  const ProgramToken later = share_program(program);
  EXPECT_EQ(later.id, token.id);
  EXPECT_NE(later.generation, token.generation);
  EXPECT_EQ(open_program(token), nullptr);
  EXPECT_EQ(open_program({UINT32_MAX, 1}), nullptr);
}

TEST(ProgramTest, RunsLaterAndStops) {
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> runs{0};
    for (int i = 0; i < 10; ++i) run_later([&] { ++runs; });
    stop_executor();
    EXPECT_EQ(runs, 10);
  }
}

}  // namespace
}  // namespace octavo
