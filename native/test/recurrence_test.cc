#include "recurrent/recurrence.h"

#include <limits>
#include <memory>

#include "api/checks.h"
#include "every_tier.h"
#include "float_samples.h"
#include "one_op_program.h"
#include "samples.h"

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

// One forward direction of a cell: its operands, and its states in float64 step by step.
struct Layer {
  Cell kind;
  size_t steps, batch, hidden, gates;
  std::vector<float> x, r, bias, first_h, first_c, peepholes;
  RecurrentFunction functions[kMostCellFunctions];
  float clip;
  bool coupled;

  Layer(FloatSamples& samples, Cell cell, const RecurrentFunction (&chosen)[3])
      : kind(cell),
        steps(samples.size(1, 3)),
        batch(samples.size(1, 3)),
        hidden(samples.size(1, 21)),
        gates(recurrent_cells()[cell].gates),
        x(samples.floats(steps * batch * gates * hidden)),
        r(samples.floats(gates * hidden * hidden, -0.3f, 0.3f)),
        bias(samples.floats(gates * hidden)),
        first_h(samples.floats(batch * hidden)),
        first_c(samples.floats(batch * hidden)),
        peepholes(samples.floats(3 * hidden)),
        clip(samples.size(0, 1) == 0 ? kInfinity : 0.8f),
        coupled(samples.size(0, 1) == 1) {
    std::copy(std::begin(chosen), std::end(chosen), functions);
  }

  double f(size_t index, double value) const {
    const double limit = clip;
    return function64(functions[index], std::min(limit, std::max(-limit, value)));
  }

  double product(size_t row, const std::vector<double>& h) const {
    double sum = bias[row];
    for (size_t k = 0; k < hidden; ++k) sum += r[row * hidden + k] * h[k];
    return sum;
  }

  void advance(const float* in, std::vector<double>& h, std::vector<double>& c) const {
    const auto at = [&](size_t gate, size_t i) { return gate * hidden + i; };
    const auto sum = [&](size_t gate, size_t i) {
      return in[at(gate, i)] + product(at(gate, i), h);
    };
    std::vector<double> next(hidden), kept(hidden);
    for (size_t i = 0; i < hidden && kind == kGru; ++i) kept[i] = f(0, sum(1, i)) * h[i];
    for (size_t i = 0; i < hidden; ++i) {
      if (kind == kRnn) {
        next[i] = f(0, sum(0, i));
      } else if (kind == kLstm) {
        const double input = f(0, sum(0, i) + peepholes[at(0, i)] * c[i]);
        const double forget = coupled ? 1 - input : f(0, sum(2, i) + peepholes[at(2, i)] * c[i]);
        c[i] = forget * c[i] + input * f(1, sum(3, i));
        next[i] = f(0, sum(1, i) + peepholes[at(1, i)] * c[i]) * f(2, c[i]);
      } else {
        const double recurrent =
            kind == kGru ? product(at(2, i), kept) : f(0, sum(1, i)) * product(at(2, i), h);
        const double update = f(0, sum(0, i));
        next[i] = (1 - update) * f(1, in[at(2, i)] + recurrent) + update * h[i];
      }
    }
    h = next;
  }

  std::vector<Packed> packed() const {
    std::vector<Packed> parts;
    for (const RecurrentStage& stage : recurrent_cells()[kind].stages) {
      const octavo_float_weights weights{r.data() + stage.first_gate * hidden * hidden,
                                         OCTAVO_F32,
                                         hidden,
                                         stage.gates * hidden,
                                         1,
                                         hidden,
                                         OCTAVO_COMPUTE_F32};
      octavo_packed_float* handle = nullptr;
      EXPECT_EQ(octavo_pack_float(&weights, &handle), OCTAVO_OK);
      parts.emplace_back(handle, octavo_free_packed_float);
    }
    return parts;
  }

  void expect_agrees(IsaSet isa) const {
    const RecurrentCell& cell = recurrent_cells()[kind];
    const std::vector<Packed> weights = packed();
    const size_t states = batch * hidden;
    std::vector<float> sums(states * gates), kept(states), y(states * steps), h(states), c(states);
    Recurrence args{};
    args.cell = &cell;
    args.directions = 1;
    args.steps = steps;
    args.batch = batch;
    args.hidden = hidden;
    args.coupled = coupled;
    args.clip = clip;
    for (size_t i = 0; i < 3; ++i) args.direction[0].functions[i] = {functions[i], kAlpha, kBeta};
    for (size_t i = 0; i < weights.size(); ++i) args.direction[0].weights[i] = weights[i].get();
    args.gates = x.data();
    args.bias = bias.data();
    args.first_h = first_h.data();
    args.first_c = first_c.data();
    args.peepholes = peepholes.data();
    args.sums = sums.data();
    args.kept = kept.data();
    args.y = y.data();
    args.h = h.data();
    args.c = c.data();
    run_recurrence(args, isa);
    for (size_t b = 0; b < batch; ++b) expect_row(b, y, h, c);
  }

  void expect_row(size_t b, const std::vector<float>& y, const std::vector<float>& last_h,
                  const std::vector<float>& last_c) const {
    const auto row = [&](const std::vector<float>& all) {
      return std::vector<double>(all.begin() + b * hidden, all.begin() + (b + 1) * hidden);
    };
    std::vector<double> h = row(first_h), c = row(first_c);
    for (size_t step = 0; step < steps; ++step) {
      advance(x.data() + (step * batch + b) * gates * hidden, h, c);
      for (size_t i = 0; i < hidden; ++i) {
        ASSERT_NEAR(y[(step * batch + b) * hidden + i], h[i], 2e-5 * (1 + std::abs(h[i])));
      }
    }
    for (size_t i = 0; i < hidden; ++i) {
      EXPECT_NEAR(last_h[b * hidden + i], h[i], 2e-5 * (1 + std::abs(h[i])));
      if (kind == kLstm) {
        EXPECT_NEAR(last_c[b * hidden + i], c[i], 2e-5 * (1 + std::abs(c[i])));
      }
    }
  }
};

TEST(Recurrence, CellsComputeTheirFormulas) {
  test::on_every_tier([](IsaSet isa) {
    FloatSamples samples(41);
    for (const Cell kind : {kRnn, kLstm, kGru, kGruResetLast}) {
      constexpr RecurrentFunction kUsual[] = {RecurrentFunction::sigmoid, RecurrentFunction::tanh,
                                              RecurrentFunction::tanh};
      constexpr RecurrentFunction kPlain[] = {RecurrentFunction::tanh, RecurrentFunction::tanh,
                                              RecurrentFunction::tanh};
      for (int round = 0; round < 15; ++round) {
        SCOPED_TRACE(testing::Message() << "cell " << kind << " round " << round);
        Layer(samples, kind, kind == kRnn ? kPlain : kUsual).expect_agrees(isa);
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
        Layer(samples, kind, {at(0), at(3), at(5)}).expect_agrees(isa);
      }
    }
  });
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
  for (int round = 0; round < 300; ++round) {
    test::OneOpProgram changed = gru(samples, 0, 0);
    const int32_t last = static_cast<int32_t>(changed.word_count()) - 1;
    const int32_t value =
        round % 3 == 0 ? words.integer(INT32_MIN, INT32_MAX) : words.integer(-2, 9);
    changed.set_word(static_cast<size_t>(words.integer(0, last)), value);
    try {
      changed.run();
    } catch (const InvalidArgument&) {
    }
  }
}

}  // namespace
}  // namespace octavo
