#include <algorithm>

#include "elementwise/binary.h"
#include "elementwise/unary.h"
#include "float_samples.h"
#include "octavo/quantize.h"
#include "op_program.h"

namespace octavo {
namespace {

using test::expect_checked;
using test::FloatSamples;
using test::OpProgram;

void expect_near(const std::vector<float>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], 4e-6 * (1 + std::abs(expected[i]))) << "element " << i;
  }
}

OpProgram unary_op(std::string_view name, size_t count, float alpha, float beta) {
  OpProgram op(name);
  return op.words({count}).number(alpha).number(beta);
}

// What each function computes is tested on its own: here is that each name has its function.
TEST(UnaryOps, ComputeTheFunctionOfTheirName) {
  FloatSamples samples(1);
  const std::vector<float> in = samples.floats(37, 0.1f, 3);
  const std::vector<float> before(37);
#define OCTAVO_UNARY(name, value)                                                 \
  {                                                                               \
    std::vector<float> expected(37);                                              \
    unary(UnaryOp::name, in.data(), expected.data(), 37, {0.25f, 2});             \
    OpProgram op = unary_op("unary_" #name, 37, 0.25f, 2);                        \
    EXPECT_EQ(op.input(in).output(before).run<float>(), expected) << #name;       \
    OpProgram again = unary_op("unary_" #name, 37, 0.25f, 2);                     \
    EXPECT_EQ(again.same_as_output().output(in).run<float>(), expected) << #name; \
  }
#include "elementwise/unary_ops.inc"
#undef OCTAVO_UNARY
}

TEST(UnaryOps, CheckTheirParameters) {
  FloatSamples samples(2);
  OpProgram op = unary_op("unary_clip", 5, 0, 1);
  expect_checked(op.input(samples.floats(5)).output(samples.floats(5)), 2, 2);
}

// Between floats and 16-bit floats: what the conversions give is tested on its own.
TEST(Convert, GoesBetweenFloatsAndEitherHalf) {
  FloatSamples samples(21);
  std::vector<float> in = samples.floats(1037, -70000, 70000);
  in[5] = 1e-7f;
  for (const octavo_type half : {OCTAVO_F16, OCTAVO_BF16}) {
    std::vector<uint16_t> expected(in.size());
    octavo_convert(in.data(), OCTAVO_F32, in.size(), half, expected.data());
    OpProgram narrow("convert");
    narrow.words({OCTAVO_F32, static_cast<size_t>(half), in.size()});
    narrow.input(in).output(std::vector<uint16_t>(in.size()));
    EXPECT_EQ(narrow.run<uint16_t>(), expected);
    std::vector<float> again(in.size());
    octavo_convert(expected.data(), half, in.size(), OCTAVO_F32, again.data());
    OpProgram widen("convert");
    widen.words({static_cast<size_t>(half), OCTAVO_F32, in.size()});
    widen.input(expected).output(std::vector<float>(in.size()));
    EXPECT_EQ(widen.run<float>(), again);
  }
}

TEST(Convert, ChecksItsParameters) {
  FloatSamples samples(22);
  OpProgram op("convert");
  op.words({OCTAVO_F32, OCTAVO_F16, 5}).input(samples.floats(5)).output(std::vector<uint16_t>(5));
  expect_checked(op, 2, 22);
}

OpProgram binary_op(std::string_view name, std::initializer_list<size_t> a,
                    std::initializer_list<size_t> b) {
  OpProgram op(name);
  return op.words({a.size()}).words(a).words({b.size()}).words(b);
}

TEST(BinaryOps, ComputeTheFunctionOfTheirName) {
  FloatSamples samples(3);
  const std::vector<float> a = samples.floats(24), b = samples.floats(24, 0.5f, 2);
  const std::vector<float> before(24);
  const size_t shape[] = {2, 3, 4};
  const auto plan = broadcast(shape, shape);
#define OCTAVO_BINARY(name, value)                                                  \
  {                                                                                 \
    std::vector<float> expected(24);                                                \
    binary(BinaryOp::name, a.data(), b.data(), expected.data(), *plan);             \
    OpProgram op = binary_op("binary_" #name, {2, 3, 4}, {2, 3, 4});                \
    EXPECT_EQ(op.input(a).input(b).output(before).run<float>(), expected) << #name; \
    OpProgram again = binary_op("binary_" #name, {2, 3, 4}, {2, 3, 4});             \
    EXPECT_EQ(again.same_as_output().input(b).output(a).run<float>(), expected);    \
  }
#include "elementwise/binary_ops.inc"
#undef OCTAVO_BINARY
}

TEST(BinaryOps, BroadcastEitherOperand) {
  FloatSamples samples(4);
  const std::vector<float> a = samples.floats(6), b = samples.floats(4);
  std::vector<float> expected;
  for (size_t i = 0; i < 24; ++i) expected.push_back(a[i / 12 * 3 + i / 4 % 3] - b[i % 4]);
  OpProgram op = binary_op("binary_sub", {2, 3, 1}, {1, 1, 4});
  EXPECT_EQ(op.input(a).input(b).output(std::vector<float>(24)).run<float>(), expected);
}

TEST(BinaryOps, CheckTheirParameters) {
  FloatSamples samples(5);
  OpProgram op = binary_op("binary_add", {2, 3}, {1, 3});
  op.input(samples.floats(6)).input(samples.floats(3)).output(samples.floats(6));
  expect_checked(op, 3, 5);
  OpProgram apart = binary_op("binary_add", {2, 3}, {2, 4});
  apart.input(samples.floats(6)).input(samples.floats(8)).output(samples.floats(24));
  EXPECT_THROW(apart.run<float>(), InvalidArgument);
  OpProgram over = binary_op("binary_add", {1, 3}, {2, 3});
  over.same_as_output().input(samples.floats(6)).output(samples.floats(6));
  EXPECT_THROW(over.run<float>(), InvalidArgument) << "a broadcast operand under the output";
}

std::vector<double> softmax_of(const std::vector<double>& scores) {
  const double most = *std::max_element(scores.begin(), scores.end());
  std::vector<double> weights;
  double total = 0;
  for (const double score : scores) {
    weights.push_back(std::isinf(most) ? 0 : std::exp(score - most));
    total += weights.back();
  }
  for (double& weight : weights) weight = total == 0 ? 0 : weight / total;
  return weights;
}

TEST(SoftmaxOps, NormalizeRows) {
  FloatSamples samples(6);
  const size_t rows = 5, columns = 19;
  const std::vector<float> in = samples.floats(rows * columns, -20, 20);
  std::vector<double> expected, logarithms;
  for (size_t row = 0; row < rows; ++row) {
    const auto begin = in.begin() + static_cast<ptrdiff_t>(row * columns);
    for (const double weight : softmax_of({begin, begin + static_cast<ptrdiff_t>(columns)})) {
      expected.push_back(weight);
      logarithms.push_back(std::log(weight));
    }
  }
  OpProgram op("softmax"), log_op("log_softmax");
  op.input(in).output(in).words({rows, columns});
  expect_near(op.run<float>(), expected);
  log_op.same_as_output().output(in).words({rows, columns});
  expect_near(log_op.run<float>(), logarithms);
  expect_checked(op, 2, 6);
}

TEST(RowNormOps, NormalizeRows) {
  FloatSamples samples(8);
  const size_t rows = 4, columns = 21;
  const std::vector<float> in = samples.floats(rows * columns, 3, 5);
  const std::vector<float> scale = samples.floats(columns), bias = samples.floats(columns);
  for (const bool rms : {false, true}) {
    std::vector<double> expected;
    for (size_t row = 0; row < rows; ++row) {
      double mean = 0, variance = 0;
      for (size_t i = 0; i < columns && !rms; ++i) mean += in[row * columns + i] / 21.0;
      for (size_t i = 0; i < columns; ++i) {
        variance += (in[row * columns + i] - mean) * (in[row * columns + i] - mean) / 21.0;
      }
      for (size_t i = 0; i < columns; ++i) {
        const double normal = (in[row * columns + i] - mean) / std::sqrt(variance + 1e-3f);
        expected.push_back(normal * scale[i] + bias[i]);
      }
    }
    OpProgram op(rms ? "rms_norm" : "layer_norm");
    op.input(in).input(scale).constant(bias).output(in).words({rows, columns}).number(1e-3f);
    expect_near(op.run<float>(), expected);
    expect_checked(op, 4, 8);
  }
}

TEST(InstanceNormOp, NormalizesChannels) {
  FloatSamples samples(9);
  const size_t batch = 2, channels = 3, columns = 10;
  const std::vector<float> in = samples.floats(batch * channels * columns, -1, 3);
  const std::vector<float> scale = samples.floats(channels), bias = samples.floats(channels);
  std::vector<double> expected;
  for (size_t row = 0; row < batch * channels; ++row) {
    double mean = 0, variance = 0;
    for (size_t i = 0; i < columns; ++i) mean += in[row * columns + i] / 10.0;
    for (size_t i = 0; i < columns; ++i) {
      variance += (in[row * columns + i] - mean) * (in[row * columns + i] - mean) / 10.0;
    }
    for (size_t i = 0; i < columns; ++i) {
      const double normal = (in[row * columns + i] - mean) / std::sqrt(variance + 1e-3f);
      expected.push_back(normal * scale[row % channels] + bias[row % channels]);
    }
  }
  OpProgram op("instance_norm");
  op.input(in).constant(scale).constant(bias).output(in);
  op.words({batch, channels, columns}).number(1e-3f);
  expect_near(op.run<float>(), expected);
  expect_checked(op, 4, 9);
}

struct Pool {
  size_t channels = 5, height = 7, width = 6, kernel = 3, stride = 2, pad = 1;
  size_t out_height = 4, out_width = 3;
  std::vector<float> in;

  OpProgram op(bool average, bool count_padding) const {
    OpProgram op("pool");
    op.input(in).output(std::vector<float>(channels * out_height * out_width));
    op.words({average ? 1u : 0u, OCTAVO_F32, 1, channels, height, width, out_height, out_width});
    op.words({kernel, kernel, stride, stride, 1, 1, pad, pad, pad, pad});
    return op.words({count_padding ? 1u : 0u});
  }

  double expected(size_t y, size_t x, size_t channel, bool average, bool count_padding) const {
    double sum = 0, most = -1e30, taps = 0;
    for (size_t tap = 0; tap < kernel * kernel; ++tap) {
      const size_t row = y * stride + tap / kernel - pad, column = x * stride + tap % kernel - pad;
      if (row >= height || column >= width) continue;
      const double value = in[(row * width + column) * channels + channel];
      sum += value;
      most = std::max(most, value);
      ++taps;
    }
    return average ? sum / (count_padding ? 9 : taps) : most;
  }
};

TEST(PoolOp, PoolsPaddedFloatImages) {
  FloatSamples samples(10);
  Pool pool;
  pool.in = samples.floats(pool.channels * pool.height * pool.width);
  for (const int mode : {0, 1, 2}) {
    std::vector<double> expected;
    for (size_t i = 0; i < pool.out_height * pool.out_width * pool.channels; ++i) {
      const size_t pixel = i / pool.channels;
      expected.push_back(pool.expected(pixel / pool.out_width, pixel % pool.out_width,
                                       i % pool.channels, mode > 0, mode > 1));
    }
    expect_near(pool.op(mode > 0, mode > 1).run<float>(), expected);
    expect_checked(pool.op(mode > 0, mode > 1), 2, 10);
  }
}

TEST(ReduceOps, ReduceTheMiddleAxis) {
  FloatSamples samples(11);
  for (const size_t inner : {1, 6}) {
    const size_t outer = 3, size = 13;
    const std::vector<float> in = samples.floats(outer * size * inner);
    std::vector<double> sums, means, most, least, l1, l2, squares;
    std::vector<int64_t> best;
    for (size_t i = 0; i < outer * inner; ++i) {
      double sum = 0, high = -9, low = 9, magnitudes = 0, square = 0;
      int64_t at = 0;
      for (size_t k = 0; k < size; ++k) {
        const double x = in[(i / inner * size + k) * inner + i % inner];
        if (x > high) at = static_cast<int64_t>(k);
        sum += x;
        high = std::max(high, x);
        low = std::min(low, x);
        magnitudes += std::abs(x);
        square += x * x;
      }
      sums.push_back(sum);
      means.push_back(sum / 13);
      most.push_back(high);
      least.push_back(low);
      l1.push_back(magnitudes);
      l2.push_back(std::sqrt(square));
      squares.push_back(square);
      best.push_back(at);
    }
    const std::pair<const char*, std::vector<double>> cases[] = {
        {"reduce_sum", sums},          {"reduce_mean", means}, {"reduce_max", most},
        {"reduce_min", least},         {"reduce_l1", l1},      {"reduce_l2", l2},
        {"reduce_sum_square", squares}};
    for (const auto& [name, expected] : cases) {
      OpProgram op(name);
      op.input(in).output(std::vector<float>(outer * inner)).words({outer, size, inner});
      expect_near(op.run<float>(), expected);
      expect_checked(op, 2, 11);
    }
    OpProgram op("arg_extreme");
    op.input(in).output(std::vector<int64_t>(outer * inner)).words({outer, size, inner, 1, 0});
    EXPECT_EQ(op.run<int64_t>(), best);
    expect_checked(op, 2, 11);
  }
}

TEST(GatherOp, TakesSlicesByIndex) {
  FloatSamples samples(12);
  const std::vector<float> data = samples.floats(2 * 5 * 3);
  const std::vector<int64_t> indices{4, 0, -1, -5, 2, 2};
  std::vector<float> expected;
  for (size_t outer = 0; outer < 2; ++outer) {
    for (const int64_t index : indices) {
      const size_t row = static_cast<size_t>(index < 0 ? index + 5 : index);
      for (size_t i = 0; i < 3; ++i) expected.push_back(data[(outer * 5 + row) * 3 + i]);
    }
  }
  OpProgram op("gather");
  op.input(data).input(indices).output(std::vector<float>(expected.size()));
  op.words({8, 2, 5, 12, indices.size(), 4});
  EXPECT_EQ(op.run<float>(), expected);
  expect_checked(op, 3, 12);
  OpProgram narrow("gather");
  narrow.input(data).input(std::vector<int32_t>(indices.begin(), indices.end()));
  narrow.output(std::vector<float>(expected.size())).words({4, 2, 5, 12, indices.size(), 4});
  EXPECT_EQ(narrow.run<float>(), expected);
}

TEST(GatherOp, RefusesIndicesOutsideTheAxis) {
  for (const int64_t index : {int64_t{5}, int64_t{-6}, INT64_MAX, INT64_MIN}) {
    OpProgram op("gather");
    op.input(std::vector<float>(5)).input(std::vector<int64_t>{index});
    op.output(std::vector<float>(1)).words({8, 1, 5, 4, 1, 4});
    EXPECT_THROW(op.run<float>(), InvalidArgument) << index;
  }
}

}  // namespace
}  // namespace octavo
