#include <algorithm>
#include <limits>
#include <memory>

#include "altered_words.h"
#include "api/checks.h"
#include "every_tier.h"
#include "float_samples.h"
#include "one_op_program.h"
#include "recurrent/recurrence.h"
#include "samples.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

using test::FloatSamples;
using Packed = std::shared_ptr<const octavo_packed_matrix>;

constexpr size_t kGates = 4;
constexpr size_t kLstm = 1;

Packed packed(const int8_t* weights, size_t k, size_t n, const int32_t* zero_points) {
  const octavo_weights spec{weights, OCTAVO_S8, k, n, n, 1, zero_points, n};
  octavo_packed_matrix* handle = nullptr;
  EXPECT_EQ(octavo_pack_matrix(&spec, &handle), OCTAVO_OK);
  return {handle, octavo_free_packed_matrix};
}

struct States {
  std::vector<float> y, h, c;
  bool operator==(const States&) const = default;
};

// An LSTM with weights of 8 bits: hidden x 4 hidden for each direction.
struct Layer {
  size_t directions, steps, batch, hidden;
  bool backwards = false, batch_first = false;
  bool linear = false;  // the input, forget and output gates are 1, and nothing bends
  std::vector<float> x, bias, scales, h, c;
  std::vector<int8_t> weights;
  std::vector<int32_t> zero_points, lengths;

  Layer(FloatSamples& samples, size_t step_count, size_t batch_size, size_t states, size_t both = 1)
      : directions(both),
        steps(step_count),
        batch(batch_size),
        hidden(states),
        x(samples.floats(steps * batch * width())),
        bias(samples.floats(width())),
        scales(samples.floats(width(), 0.0005f, 0.005f)),
        h(samples.floats(directions * batch * hidden, -1, 3)),
        c(samples.floats(directions * batch * hidden)) {
    test::Samples integers(static_cast<uint32_t>(samples.size(1, 1000)));
    for (size_t i = 0; i < width() * hidden; ++i)
      weights.push_back(static_cast<int8_t>(integers.integer(-128, 127)));
    for (size_t i = 0; i < width(); ++i) zero_points.push_back(integers.integer(-128, 127));
  }

  // Columns of all directions.
  size_t width() const { return directions * kGates * hidden; }
  size_t columns() const { return kGates * hidden; }

  States run(IsaSet isa = active_isa()) const {
    const size_t rows = directions * batch;
    std::vector<Packed> held;
    std::vector<float> sums(rows * columns(), 7), states(rows * hidden, 7), row_scales(rows, 7);
    std::vector<uint8_t> bytes(rows * hidden, 7);
    DynamicStates dynamic{};
    for (size_t d = 0; d < directions; ++d) {
      held.push_back(packed(weights.data() + d * hidden * columns(), hidden, columns(),
                            zero_points.data() + d * columns()));
      dynamic.weights[d] = held[d].get();
    }
    dynamic.scales = scales.data();
    dynamic.states = states.data();
    dynamic.bytes = bytes.data();
    dynamic.row_scales = row_scales.data();
    States results{std::vector<float>(steps * rows * hidden, 7), std::vector<float>(rows * hidden),
                   std::vector<float>(rows * hidden)};
    Recurrence args{};
    args.cell = &recurrent_cells()[kLstm];
    args.directions = directions;
    args.steps = steps;
    args.batch = batch;
    args.hidden = hidden;
    args.backwards = backwards;
    args.batch_first = batch_first;
    args.clip = std::numeric_limits<float>::infinity();
    for (RecurrentDirection& direction : args.direction) {
      using enum RecurrentFunction;
      direction.functions[0] = linear ? CellFunction{affine, 0, 1} : CellFunction{sigmoid, 0, 0};
      direction.functions[1] = linear ? CellFunction{affine, 1, 0} : CellFunction{tanh, 0, 0};
      direction.functions[2] = direction.functions[1];
    }
    args.dynamic = &dynamic;
    args.gates = x.data();
    args.bias = bias.data();
    args.lengths = lengths.empty() ? nullptr : lengths.data();
    args.first_h = h.data();
    args.first_c = c.data();
    args.sums = sums.data();
    args.y = results.y.data();
    args.h = results.h.data();
    args.c = results.c.data();
    run_recurrence(args, isa);
    return results;
  }

  size_t slot(size_t d, size_t b) const { return batch_first ? b * directions + d : d * batch + b; }
  size_t length(size_t b) const {
    return lengths.empty() ? steps : static_cast<size_t>(std::clamp<int>(lengths[b], 0, steps));
  }
  size_t time(size_t d, size_t b, size_t step) const {
    return d == 1 || backwards ? length(b) - 1 - step : step;
  }
  // Where x and y have the gates and the states of a sequence at a time: in rows of one direction.
  size_t x_row(size_t d, size_t b, size_t t) const {
    return (batch_first ? b * steps + t : t * batch + b) * directions + d;
  }
  size_t y_row(size_t d, size_t b, size_t t) const {
    return batch_first ? x_row(d, b, t) : (t * directions + d) * batch + b;
  }
};

double sigmoid64(double x) { return 1 / (1 + std::exp(-x)); }

// The states of a direction in integers, of the sequences that a step begins with or has changed.
struct QuantizedStates {
  float scale = 1;
  int32_t zero = 0;

  QuantizedStates(const Layer& layer, const std::vector<float>& h, size_t d, size_t step) {
    float low = 0, high = 0;
    for (size_t b = 0; b < layer.batch; ++b) {
      if (step > layer.length(b)) continue;
      for (size_t i = 0; i < layer.hidden; ++i) {
        low = std::min(low, h[layer.slot(d, b) * layer.hidden + i]);
        high = std::max(high, h[layer.slot(d, b) * layer.hidden + i]);
      }
    }
    if (high == low) return;
    scale = (high - low) / 255.0f;
    zero = static_cast<int32_t>(std::nearbyint(-low / scale));
  }

  int32_t centered(float h) const {
    return std::clamp(static_cast<int32_t>(std::nearbyint(h / scale)), -zero, 255 - zero);
  }
};

// What the states of a sequence give a gate, with the bias.
float recurrent_sum(const Layer& layer, const QuantizedStates& states, const float* h, size_t d,
                    size_t column) {
  const size_t own = d * layer.columns() + column;
  int32_t sum = 0;
  for (size_t k = 0; k < layer.hidden; ++k) {
    const int32_t weight = layer.weights[(d * layer.hidden + k) * layer.columns() + column];
    sum += states.centered(h[k]) * (weight - layer.zero_points[own]);
  }
  return static_cast<float>(sum) * (states.scale * layer.scales[own]) + layer.bias[own];
}

// One step of one sequence, from integers.
void expect_step(const Layer& layer, size_t d, size_t b, const States& found) {
  const QuantizedStates states(layer, layer.h, d, 0);
  const size_t at = layer.slot(d, b) * layer.hidden;
  const auto gate = [&](size_t index, size_t i) -> double {
    const size_t column = index * layer.hidden + i;
    return layer.x[layer.x_row(d, b, 0) * layer.columns() + column] +
           recurrent_sum(layer, states, &layer.h[at], d, column);
  };
  for (size_t i = 0; i < layer.hidden; ++i) {
    const double c = sigmoid64(gate(2, i)) * layer.c[at + i] +
                     sigmoid64(gate(0, i)) * std::tanh(gate(3, i));
    const double h = sigmoid64(gate(1, i)) * std::tanh(c);
    ASSERT_NEAR(found.c[at + i], c, 2e-5 * (1 + std::abs(c)));
    ASSERT_NEAR(found.h[at + i], h, 2e-5);
    ASSERT_EQ(found.y[layer.y_row(d, b, 0) * layer.hidden + i], found.h[at + i]);
  }
}

// All steps of a linear layer: its cell state sums up what the cell input is.
States linear_states(const Layer& layer) {
  const size_t hidden = layer.hidden;
  States states{std::vector<float>(layer.steps * layer.directions * layer.batch * hidden), layer.h,
                layer.c};
  for (size_t d = 0; d < layer.directions; ++d) {
    for (size_t step = 0; step < layer.steps; ++step) {
      const QuantizedStates quantized(layer, states.h, d, step);
      for (size_t b = 0; b < layer.batch; ++b) {
        if (step >= layer.length(b)) continue;
        const size_t at = layer.slot(d, b) * hidden, t = layer.time(d, b, step);
        const std::vector<float> h(&states.h[at], &states.h[at] + hidden);
        for (size_t i = 0; i < hidden; ++i) {
          const size_t column = 3 * hidden + i;
          const float sum = layer.x[layer.x_row(d, b, t) * layer.columns() + column] +
                            recurrent_sum(layer, quantized, h.data(), d, column);
          states.c[at + i] += sum;
          states.h[at + i] = states.c[at + i];
        }
        std::copy_n(&states.h[at], hidden, &states.y[layer.y_row(d, b, t) * hidden]);
      }
    }
  }
  return states;
}

TEST(DynamicRecurrence, HasTheBitsOfItsIntegersOnEveryTier) {
  test::on_every_tier([](IsaSet isa) {
    FloatSamples samples(56);
    for (int round = 0; round < 60; ++round) {
      SCOPED_TRACE(testing::Message() << "round " << round);
      Layer layer(samples, samples.size(1, 5), samples.size(1, 5), samples.size(1, 40),
                  samples.size(1, 2));
      layer.linear = true;
      layer.batch_first = round % 3 == 0;
      layer.backwards = layer.directions == 1 && round % 2 == 0;
      for (size_t b = 0; b < layer.batch && round % 5 != 0; ++b)
        layer.lengths.push_back(static_cast<int32_t>(samples.size(0, layer.steps + 2)) - 1);
      const States expected = linear_states(layer), found = layer.run(isa);
      ASSERT_EQ(found.y, expected.y);
      ASSERT_EQ(found.h, expected.h);
      ASSERT_EQ(found.c, expected.c);
    }
  });
}

TEST(DynamicRecurrence, AStepIsAnIntegerProductOfItsStates) {
  test::on_every_tier([](IsaSet isa) {
    FloatSamples samples(51);
    for (int round = 0; round < 60; ++round) {
      SCOPED_TRACE(testing::Message() << "round " << round);
      Layer layer(samples, 1, samples.size(1, 5), samples.size(1, 40), samples.size(1, 2));
      layer.batch_first = round % 3 == 0;
      if (round % 7 == 0) std::fill(layer.h.begin(), layer.h.end(), 0.0f);
      const States found = layer.run(isa);
      for (size_t d = 0; d < layer.directions; ++d) {
        for (size_t b = 0; b < layer.batch; ++b) expect_step(layer, d, b, found);
      }
    }
  });
}

// The states after step `step` of all that go on; those that ended earlier have no part in its
// range.
States next(const Layer& layer, const States& before, size_t step, IsaSet isa) {
  Layer one = layer;
  one.steps = 1;
  one.lengths.assign(layer.batch, 0);
  one.h = before.h;
  one.c = before.c;
  for (size_t d = 0; d < layer.directions; ++d) {
    for (size_t b = 0; b < layer.batch; ++b) {
      const size_t at = layer.slot(d, b) * layer.hidden;
      if (step > layer.length(b)) std::fill_n(&one.h[at], layer.hidden, 0.0f);
      if (step >= layer.length(b)) continue;
      one.lengths[b] = 1;
      const size_t t = layer.time(d, b, step);
      std::copy_n(&layer.x[layer.x_row(d, b, t) * layer.columns()], layer.columns(),
                  &one.x[one.x_row(d, b, 0) * layer.columns()]);
    }
  }
  States after = one.run(isa);
  for (size_t d = 0; d < layer.directions; ++d) {
    for (size_t b = 0; b < layer.batch; ++b) {
      if (step < layer.length(b)) continue;
      const size_t at = layer.slot(d, b) * layer.hidden;
      std::copy_n(&before.h[at], layer.hidden, &after.h[at]);
    }
  }
  return after;
}

TEST(DynamicRecurrence, IsOneStepAfterTheOther) {
  test::on_every_tier([](IsaSet isa) {
    FloatSamples samples(52);
    for (int round = 0; round < 40; ++round) {
      SCOPED_TRACE(testing::Message() << "round " << round);
      Layer layer(samples, samples.size(1, 5), samples.size(1, 4), samples.size(1, 21),
                  samples.size(1, 2));
      layer.batch_first = round % 3 == 0;
      layer.backwards = layer.directions == 1 && round % 2 == 0;
      for (size_t b = 0; b < layer.batch && round % 5 != 0; ++b)
        layer.lengths.push_back(static_cast<int32_t>(samples.size(0, layer.steps + 2)) - 1);
      States states{{}, layer.h, layer.c};
      std::vector<float> y(layer.steps * layer.directions * layer.batch * layer.hidden);
      for (size_t step = 0; step < layer.steps; ++step) {
        states = next(layer, states, step, isa);
        for (size_t d = 0; d < layer.directions; ++d) {
          for (size_t b = 0; b < layer.batch; ++b) {
            if (step >= layer.length(b)) continue;
            const size_t row = layer.y_row(d, b, layer.time(d, b, step));
            std::copy_n(&states.h[layer.slot(d, b) * layer.hidden], layer.hidden,
                        &y[row * layer.hidden]);
          }
        }
      }
      const States found = layer.run(isa);
      EXPECT_EQ(found.y, y);
      EXPECT_EQ(found.h, states.h);
      EXPECT_EQ(found.c, states.c);
    }
  });
}

TEST(DynamicRecurrence, GivesTheSameBitsOnAnyNumberOfThreads) {
  FloatSamples samples(53);
  for (const Layer& layer : {Layer(samples, 5, 19, 40), Layer(samples, 5, 13, 40, 2)}) {
    const auto run = [&](uint32_t threads) {
      const ThreadLimit limit(threads);
      return layer.run();
    };
    const States alone = run(1);
    EXPECT_EQ(run(2), alone);
    EXPECT_EQ(run(3), alone);
  }
}

test::OneOpProgram one_op(FloatSamples& samples, size_t cell, size_t spared_scales) {
  test::OneOpProgram op("dynamic_recurrence");
  op.constant(samples.floats(2 * 28 - spared_scales));
  op.output<float>(28).output<uint8_t>(28).output<float>(4);
  op.input(samples.floats(6 * 2 * 28)).constant(samples.floats(56));
  op.input(std::vector<int32_t>{5, -5}).left_out().left_out().left_out();
  op.output<float>(4 * 28).left_out().output<float>(6 * 14).output<float>(28).output<float>(28);
  op.words({cell, 2, 3, 2, 7, 0, 1, 0}).word(std::numeric_limits<float>::infinity());
  const std::vector<int8_t> weights(7 * 28, 3);
  const std::vector<int32_t> zero_points(28);
  for (int direction = 0; direction < 2; ++direction) {
    for (int function = 0; function < 3; ++function) op.word(0).word(0.0f).word(0.0f);
    op.weights(packed(weights.data(), 7, 28, zero_points.data()));
  }
  return op;
}

TEST(DynamicRecurrenceOp, ChecksItsParameters) {
  FloatSamples samples(54);
  EXPECT_NO_THROW(one_op(samples, kLstm, 0).run());
  EXPECT_THROW(one_op(samples, kLstm, 1).run(), InvalidArgument);
  EXPECT_THROW(one_op(samples, 2, 0).run(), InvalidArgument);
  test::Samples words(55);
  EXPECT_GT(test::refused_when_altered([&] { return one_op(samples, kLstm, 0); }, words, 9), 10u);
}

}  // namespace
}  // namespace octavo
