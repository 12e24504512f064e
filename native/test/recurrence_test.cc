#include "recurrent/recurrence.h"

#include <algorithm>
#include <limits>
#include <memory>

#include "altered_words.h"
#include "api/checks.h"
#include "every_tier.h"
#include "float_samples.h"
#include "one_op_program.h"
#include "samples.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

using test::FloatSamples;
using Packed = std::shared_ptr<const octavo_packed_float>;

enum Cell { kRnn, kLstm, kGru, kGruResetLast };

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kAlpha = 0.75f, kBeta = 0.25f;

double function64(RecurrentFunction function, double x) {
  switch (function) {
    case RecurrentFunction::sigmoid:
      return 1 / (1 + std::exp(-x));
    case RecurrentFunction::tanh:
      return std::tanh(x);
    case RecurrentFunction::relu:
      return std::max(0.0, x);
    case RecurrentFunction::affine:
      return kAlpha * x + kBeta;
    case RecurrentFunction::leaky_relu:
      return x < 0 ? kAlpha * x : x;
    case RecurrentFunction::thresholded_relu:
      return x >= kAlpha ? x : 0;
    case RecurrentFunction::scaled_tanh:
      return kAlpha * std::tanh(kBeta * x);
    case RecurrentFunction::hard_sigmoid:
      return std::min(1.0, std::max(0.0, kAlpha * x + kBeta));
    case RecurrentFunction::elu:
      return x < 0 ? kAlpha * std::expm1(x) : x;
    case RecurrentFunction::softsign:
      return x / (1 + std::abs(x));
    case RecurrentFunction::softplus:
      return std::log1p(std::exp(x));
    default:
      return x;
  }
}

// A layer's operands, some absent, and its states in float64 step by step.
struct Layer {
  Cell kind;
  size_t directions = 1, steps, batch, hidden, gates;
  bool backwards = false, batch_first = false, coupled = false;
  float clip = kInfinity;
  std::vector<float> x, r, bias, first_h, first_c, peepholes;
  std::vector<int32_t> lengths;
  RecurrentFunction functions[kMostCellFunctions];

  Layer(FloatSamples& samples, Cell cell, const RecurrentFunction (&chosen)[3], size_t step_count,
        size_t batch_size, size_t states, bool both_directions = false)
      : kind(cell),
        directions(both_directions ? 2 : 1),
        steps(step_count),
        batch(batch_size),
        hidden(states),
        gates(recurrent_cells()[cell].gates),
        x(samples.floats(steps * batch * directions * gates * hidden)),
        r(samples.floats(directions * gates * hidden * hidden, -0.3f, 0.3f)),
        bias(samples.floats(directions * gates * hidden)),
        first_h(samples.floats(directions * batch * hidden)),
        first_c(samples.floats(directions * batch * hidden)),
        peepholes(samples.floats(directions * 3 * hidden)) {
    std::copy(std::begin(chosen), std::end(chosen), functions);
  }

  double f(size_t index, double value) const {
    const double limit = clip;
    return function64(functions[index], std::min(limit, std::max(-limit, value)));
  }

  double product(size_t d, size_t row, const std::vector<double>& h) const {
    const size_t at = d * gates * hidden + row;
    double sum = bias.empty() ? 0 : bias[at];
    for (size_t k = 0; k < hidden; ++k) sum += r[at * hidden + k] * h[k];
    return sum;
  }

  double peep(size_t d, size_t gate, size_t i, double cell) const {
    return peepholes.empty() ? 0 : peepholes[(d * 3 + gate) * hidden + i] * cell;
  }

  void advance(size_t d, const float* in, std::vector<double>& h, std::vector<double>& c) const {
    const auto at = [&](size_t gate, size_t i) { return gate * hidden + i; };
    const auto sum = [&](size_t gate, size_t i) {
      return in[at(gate, i)] + product(d, at(gate, i), h);
    };
    std::vector<double> next(hidden), kept(hidden);
    for (size_t i = 0; i < hidden && kind == kGru; ++i) kept[i] = f(0, sum(1, i)) * h[i];
    for (size_t i = 0; i < hidden; ++i) {
      if (kind == kRnn) {
        next[i] = f(0, sum(0, i));
      } else if (kind == kLstm) {
        const double input = f(0, sum(0, i) + peep(d, 0, i, c[i]));
        const double forget = coupled ? 1 - input : f(0, sum(2, i) + peep(d, 2, i, c[i]));
        c[i] = forget * c[i] + input * f(1, sum(3, i));
        next[i] = f(0, sum(1, i) + peep(d, 1, i, c[i])) * f(2, c[i]);
      } else {
        const double recurrent =
            kind == kGru ? product(d, at(2, i), kept) : f(0, sum(1, i)) * product(d, at(2, i), h);
        const double update = f(0, sum(0, i));
        next[i] = (1 - update) * f(1, in[at(2, i)] + recurrent) + update * h[i];
      }
    }
    h = next;
  }

  std::vector<Packed> packed() const {
    std::vector<Packed> parts;
    for (size_t d = 0; d < directions; ++d) {
      for (const RecurrentStage& stage : recurrent_cells()[kind].stages) {
        const float* first = r.data() + (d * gates + stage.first_gate) * hidden * hidden;
        const octavo_float_weights weights{
            first, OCTAVO_F32, hidden, stage.gates * hidden, 1, hidden, OCTAVO_COMPUTE_F32};
        octavo_packed_float* handle = nullptr;
        EXPECT_EQ(octavo_pack_float(&weights, &handle), OCTAVO_OK);
        parts.emplace_back(handle, octavo_free_packed_float);
      }
    }
    return parts;
  }

  struct Results {
    std::vector<float> y, h, c;
    bool operator==(const Results&) const = default;
  };

  Results run(IsaSet isa) const {
    const auto or_null = [](const auto& operand) {
      return operand.empty() ? nullptr : operand.data();
    };
    const std::vector<Packed> weights = packed();
    const size_t states = directions * batch * hidden;
    // What is left in memory must not matter.
    std::vector<float> sums(states * gates, 7), kept(states, 7);
    Results results{std::vector<float>(states * steps, 7), std::vector<float>(states, 7),
                    std::vector<float>(states, 7)};
    Recurrence args{};
    args.cell = &recurrent_cells()[kind];
    args.directions = directions;
    args.steps = steps;
    args.batch = batch;
    args.hidden = hidden;
    args.backwards = backwards;
    args.batch_first = batch_first;
    args.coupled = coupled;
    args.clip = clip;
    for (size_t i = 0; i < 3 * directions; ++i) {
      args.direction[i / 3].functions[i % 3] = {functions[i % 3], kAlpha, kBeta};
    }
    const size_t stages = args.cell->stages.size();
    for (size_t i = 0; i < weights.size(); ++i) {
      args.direction[i / stages].weights[i % stages] = weights[i].get();
    }
    args.gates = x.data();
    args.bias = or_null(bias);
    args.lengths = or_null(lengths);
    args.first_h = or_null(first_h);
    args.first_c = or_null(first_c);
    args.peepholes = or_null(peepholes);
    args.sums = sums.data();
    args.kept = kept.data();
    args.y = results.y.data();
    args.h = results.h.data();
    args.c = results.c.data();
    run_recurrence(args, isa);
    return results;
  }

  void expect_agrees(IsaSet isa) const {
    const Results results = run(isa);
    for (size_t d = 0; d < directions; ++d) {
      for (size_t b = 0; b < batch; ++b) expect_sequence(d, b, results);
    }
  }

  void expect_row(const std::vector<float>& found, size_t row,
                  const std::vector<double>& expected) const {
    for (size_t i = 0; i < hidden; ++i) {
      ASSERT_NEAR(found[row * hidden + i], expected[i], 2e-5 * (1 + std::abs(expected[i])));
    }
  }

  void expect_sequence(size_t d, size_t b, const Results& results) const {
    const size_t state = batch_first ? b * directions + d : d * batch + b;
    const auto first = [&](const std::vector<float>& all) {
      if (all.empty()) return std::vector<double>(hidden);
      return std::vector<double>(all.begin() + state * hidden, all.begin() + (state + 1) * hidden);
    };
    std::vector<double> h = first(first_h), c = first(first_c);
    const size_t length =
        lengths.empty() ? steps : static_cast<size_t>(std::clamp<int>(lengths[b], 0, steps));
    for (size_t step = 0; step < steps; ++step) {
      const bool reversed = (d == 1 || backwards) && step < length;
      const size_t t = reversed ? length - 1 - step : step;
      const size_t in = batch_first ? b * steps + t : t * batch + b;
      if (step < length) advance(d, x.data() + (in * directions + d) * gates * hidden, h, c);
      const size_t row = batch_first ? in * directions + d : (t * directions + d) * batch + b;
      expect_row(results.y, row, step < length ? h : std::vector<double>(hidden));
    }
    expect_row(results.h, state, h);
    if (kind == kLstm) expect_row(results.c, state, c);
  }
};

constexpr RecurrentFunction kUsual[] = {RecurrentFunction::sigmoid, RecurrentFunction::tanh,
                                        RecurrentFunction::tanh};
constexpr RecurrentFunction kPlain[] = {RecurrentFunction::tanh, RecurrentFunction::tanh,
                                        RecurrentFunction::tanh};

// A small layer of any form.
Layer any_layer(FloatSamples& samples, Cell kind, const RecurrentFunction (&functions)[3]) {
  const auto coin = [&] { return samples.size(0, 1) == 1; };
  Layer layer(samples, kind, functions, samples.size(1, 4), samples.size(1, 4), samples.size(1, 21),
              coin());
  layer.backwards = layer.directions == 1 && coin();
  layer.batch_first = coin();
  layer.coupled = coin();
  if (coin()) layer.clip = 0.8f;
  for (auto* operand : {&layer.bias, &layer.first_h, &layer.first_c, &layer.peepholes}) {
    if (coin()) operand->clear();
  }
  if (coin()) return layer;
  // From below none to beyond all steps.
  for (size_t b = 0; b < layer.batch; ++b) {
    layer.lengths.push_back(static_cast<int32_t>(samples.size(0, layer.steps + 2)) - 1);
  }
  return layer;
}

TEST(Recurrence, CellsComputeTheirFormulas) {
  test::on_every_tier([](IsaSet isa) {
    FloatSamples samples(41);
    for (const Cell kind : {kRnn, kLstm, kGru, kGruResetLast}) {
      for (int round = 0; round < 40; ++round) {
        SCOPED_TRACE(testing::Message() << "cell " << kind << " round " << round);
        any_layer(samples, kind, kind == kRnn ? kPlain : kUsual).expect_agrees(isa);
      }
    }
  });
}

TEST(Recurrence, EveryFunctionStandsForAnyOther) {
  test::on_every_tier([](IsaSet isa) {
    FloatSamples samples(42);
    const size_t count = static_cast<size_t>(RecurrentFunction::count);
    for (size_t i = 0; i < count; ++i) {
      const auto at = [&](size_t offset) {
        return static_cast<RecurrentFunction>((i + offset) % count);
      };
      SCOPED_TRACE(testing::Message() << "function " << i);
      for (const Cell kind : {kRnn, kLstm, kGru, kGruResetLast}) {
        any_layer(samples, kind, {at(0), at(3), at(5)}).expect_agrees(isa);
      }
    }
  });
}

// Large enough to be divided among threads: by batch, by directions, and by blocks of rows.
TEST(Recurrence, GivesTheSameBitsOnAnyNumberOfThreads) {
  FloatSamples samples(45);
  const Layer layers[] = {Layer(samples, kLstm, kUsual, 5, 19, 40),
                          Layer(samples, kGru, kUsual, 5, 13, 40, true),
                          Layer(samples, kRnn, kPlain, 2, 121, 40)};
  for (const Layer& layer : layers) {
    const auto run = [&](uint32_t threads) {
      const ThreadLimit limit(threads);
      return layer.run(active_isa());
    };
    const Layer::Results alone = run(1);
    for (size_t b = 0; b < layer.batch; ++b) layer.expect_sequence(0, b, alone);
    EXPECT_EQ(run(2), alone);
    EXPECT_EQ(run(3), alone);
  }
}

// A GRU of two stages, two directions, three steps, a batch of two and seven states.
test::OneOpProgram gru(FloatSamples& samples, size_t spared_gate, size_t spared_y) {
  const auto pack = [&](size_t n) {
    const std::vector<float> data = samples.floats(7 * n);
    const octavo_float_weights weights{data.data(), OCTAVO_F32, 7, n, n, 1, OCTAVO_COMPUTE_F32};
    octavo_packed_float* handle = nullptr;
    EXPECT_EQ(octavo_pack_float(&weights, &handle), OCTAVO_OK);
    return Packed(handle, octavo_free_packed_float);
  };
  test::OneOpProgram op("recurrence");
  op.input(samples.floats(6 * 2 * 21 - spared_gate)).constant(samples.floats(42));
  op.input(std::vector<int32_t>{5, -5}).left_out().left_out().left_out();
  op.output<float>(4 * 21).output<float>(28).output<float>(6 * 14 - spared_y).output<float>(28);
  op.left_out().words({kGru, 2, 3, 2, 7, 0, 1, 0}).word(kInfinity);
  for (int direction = 0; direction < 2; ++direction) {
    op.word(0).word(0.0f).word(0.0f).word(1).word(0.0f).word(0.0f);
    op.weights(pack(14)).weights(pack(7));
  }
  return op;
}

TEST(RecurrenceOp, ChecksItsParameters) {
  FloatSamples samples(43);
  EXPECT_NO_THROW(gru(samples, 0, 0).run());
  EXPECT_THROW(gru(samples, 1, 0).run(), InvalidArgument);
  EXPECT_THROW(gru(samples, 0, 1).run(), InvalidArgument);
  EXPECT_THROW(gru(samples, 0, 0).word(0).run(), InvalidArgument);
  test::Samples words(44);
  EXPECT_GT(test::refused_when_altered([&] { return gru(samples, 0, 0); }, words, 9), 10u);
}

}  // namespace
}  // namespace octavo
