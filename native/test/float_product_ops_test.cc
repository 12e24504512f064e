#include <limits>

#include "float_samples.h"
#include "op_program.h"

namespace octavo {
namespace {

using test::FloatSamples;
using test::OpProgram;
using test::SumBounds;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

octavo_float_epilogue relu() {
  octavo_float_epilogue epilogue{};
  epilogue.activation = OCTAVO_CLIP;
  epilogue.beta = kInfinity;
  return epilogue;
}

std::shared_ptr<const octavo_packed_float> packed(const std::vector<float>& weights, size_t k,
                                                  size_t n) {
  const octavo_float_weights description{weights.data(),    OCTAVO_F32, k, n, n, 1,
                                         OCTAVO_COMPUTE_F32};
  octavo_packed_float* handle = nullptr;
  EXPECT_EQ(octavo_pack_float(&description, &handle), OCTAVO_OK);
  return {handle, octavo_free_packed_float};
}

struct Matmul {
  size_t m, k, n;
  std::vector<float> lhs, rhs, bias, residual;

  Matmul(FloatSamples& samples, size_t rows, size_t depth, size_t columns)
      : m(rows),
        k(depth),
        n(columns),
        lhs(samples.floats(m * k)),
        rhs(samples.floats(k * n)),
        bias(samples.floats(n)),
        residual(samples.floats(m * n)) {}

  OpProgram op() const {
    OpProgram op("float_matmul");
    op.constant(bias).input(residual).input(lhs).output(std::vector<float>(m * n, -7));
    op.weights(packed(rhs, k, n)).words({OCTAVO_CLIP}).number(0).number(kInfinity).words({m});
    return op;
  }

  void expect(const std::vector<float>& found) const {
    SumBounds bounds(k + 2);
    for (size_t i = 0; i < m * n; ++i) {
      double sum = static_cast<double>(bias[i % n]) + residual[i], size = std::abs(sum) + 1;
      for (size_t p = 0; p < k; ++p) {
        const double product = static_cast<double>(lhs[i / n * k + p]) * rhs[p * n + i % n];
        sum += product;
        size += std::abs(product);
      }
      bounds.add(found[i], test::activated(relu(), sum), size);
    }
    bounds.expect_kept();
  }
};

TEST(FloatMatmulOp, MultipliesRandomShapes) {
  FloatSamples samples(1);
  for (int round = 0; round < 60; ++round) {
    const size_t m = samples.size(0, 30), k = samples.size(0, 70), n = samples.size(1, 50);
    SCOPED_TRACE(testing::Message() << m << " " << k << " " << n);
    const Matmul matmul(samples, m, k, n);
    matmul.expect(matmul.op().run<float>());
  }
}

TEST(FloatMatmulOp, AddsWhatTheOutputHolds) {
  FloatSamples samples(2);
  const Matmul matmul(samples, 7, 19, 33);
  OpProgram op("float_matmul");
  op.constant(matmul.bias).same_as_output().input(matmul.lhs).output(matmul.residual);
  op.weights(packed(matmul.rhs, 19, 33)).words({OCTAVO_CLIP}).number(0).number(kInfinity);
  op.words({7});
  matmul.expect(op.run<float>());
}

TEST(FloatMatmulOp, ChecksItsParameters) {
  FloatSamples samples(3);
  test::expect_checked(Matmul(samples, 3, 5, 4).op(), 4, 3);
}

struct Convolution {
  size_t batch, group_channels, out_channels, groups, height, width, kernel, stride, pad;
  std::vector<float> input, filter, bias;

  Convolution(FloatSamples& samples, bool depthwise)
      : batch(samples.size(1, 2)),
        group_channels(depthwise ? 1 : samples.size(1, 5)),
        out_channels(samples.size(1, 20)),
        groups(depthwise ? out_channels : 1),
        height(samples.size(3, 12)),
        width(samples.size(3, 12)),
        kernel(samples.size(1, 3)),
        stride(samples.size(1, 2)),
        pad(samples.size(0, 1)),
        input(samples.floats(batch * groups * group_channels * height * width)),
        filter(samples.floats(out_channels * group_channels * kernel * kernel)),
        bias(samples.floats(out_channels)) {}

  size_t in_channels() const { return groups * group_channels; }
  size_t out_height() const { return (height + 2 * pad - kernel) / stride + 1; }
  size_t out_width() const { return (width + 2 * pad - kernel) / stride + 1; }

  OpProgram op() const {
    const octavo_float_conv2d_weights weights{
        filter.data(), OCTAVO_F32, out_channels, group_channels, kernel, kernel, groups};
    octavo_packed_float_conv2d* handle = nullptr;
    EXPECT_EQ(octavo_pack_float_conv2d(&weights, &handle), OCTAVO_OK);
    const std::shared_ptr<const octavo_packed_float_conv2d> held(handle,
                                                                 octavo_free_packed_float_conv2d);
    OpProgram op("float_conv2d");
    op.constant(bias).absent().input(input);
    op.output(std::vector<float>(batch * out_channels * out_height() * out_width()));
    op.weights(held).words({OCTAVO_CLIP}).number(0).number(kInfinity);
    op.words(
        {OCTAVO_NHWC, OCTAVO_NHWC, batch, height, width, stride, stride, 1, 1, pad, pad, pad, pad});
    return op;
  }

  void expect(const std::vector<float>& found) const {
    SumBounds bounds(group_channels * kernel * kernel + 1);
    size_t next = 0;
    for (size_t b = 0; b < batch; ++b) {
      for (size_t y = 0; y < out_height(); ++y) {
        for (size_t x = 0; x < out_width(); ++x) {
          for (size_t c = 0; c < out_channels; ++c) add(bounds, found[next++], b, y, x, c);
        }
      }
    }
    bounds.expect_kept();
  }

  void add(SumBounds& bounds, float found, size_t b, size_t y, size_t x, size_t c) const {
    double sum = bias[c], size = std::abs(sum);
    const size_t first = c / (out_channels / groups) * group_channels;
    for (size_t tap = 0; tap < kernel * kernel; ++tap) {
      const size_t row = y * stride + tap / kernel - pad, column = x * stride + tap % kernel - pad;
      if (row >= height || column >= width) continue;
      for (size_t i = 0; i < group_channels; ++i) {
        const double product =
            static_cast<double>(filter[(c * group_channels + i) * kernel * kernel + tap]) *
            input[((b * height + row) * width + column) * in_channels() + first + i];
        sum += product;
        size += std::abs(product);
      }
    }
    bounds.add(found, test::activated(relu(), sum), size);
  }
};

TEST(FloatConv2dOp, ConvolvesRandomShapes) {
  FloatSamples samples(4);
  for (int round = 0; round < 60; ++round) {
    const Convolution convolution(samples, round % 2 == 1);
    convolution.expect(convolution.op().run<float>());
  }
}

TEST(FloatConv2dOp, ChecksItsParameters) {
  FloatSamples samples(5);
  const OpProgram op = Convolution(samples, false).op();
  EXPECT_NO_THROW(op.run<float>());
  OpProgram wrong = op;
  wrong.slot_bytes_taken() = {0, 0, 4, 0};
  EXPECT_THROW(wrong.run<float>(), InvalidArgument);
  wrong.slot_bytes_taken() = {0, 0, 0, 4};
  EXPECT_THROW(wrong.run<float>(), InvalidArgument);
  wrong.slot_bytes_taken() = {4, 0, 0, 0};
  EXPECT_THROW(wrong.run<float>(), InvalidArgument);
}

// [B][S][H][D] times [B][T][H][D] by head, as attention multiplies queries and keys.
struct HeadProduct {
  size_t batch, heads, m, n, k;
  std::vector<float> a, b;

  explicit HeadProduct(FloatSamples& samples)
      : batch(samples.size(1, 2)),
        heads(samples.size(1, 3)),
        m(samples.size(1, 9)),
        n(samples.size(1, 40)),
        k(samples.size(1, 20)),
        a(samples.floats(batch * m * heads * k)),
        b(samples.floats(batch * n * heads * k)) {}

  OpProgram op() const {
    OpProgram op("float_batch_matmul");
    op.absent().absent().input(a).input(b).output(std::vector<float>(batch * heads * m * n));
    op.words({OCTAVO_IDENTITY}).number(0).number(0);
    op.words({m, k, n, heads * k, 1, 1, heads * k, n, 2});
    op.words({batch, m * heads * k, n * heads * k, heads * m * n, heads, k, k, m * n});
    return op;
  }

  void expect(const std::vector<float>& found) const {
    SumBounds bounds(k);
    for (size_t i = 0; i < found.size(); ++i) {
      const size_t column = i % n, row = i / n % m, head = i / n / m % heads;
      const size_t image = i / n / m / heads;
      double sum = 0, size = 0;
      for (size_t p = 0; p < k; ++p) {
        const double product = static_cast<double>(a[((image * m + row) * heads + head) * k + p]) *
                               b[((image * n + column) * heads + head) * k + p];
        sum += product;
        size += std::abs(product);
      }
      bounds.add(found[i], sum, size);
    }
    bounds.expect_kept();
  }
};

TEST(FloatBatchMatmulOp, MultipliesHeads) {
  FloatSamples samples(6);
  for (int round = 0; round < 40; ++round) {
    const HeadProduct product(samples);
    product.expect(product.op().run<float>());
  }
}

TEST(FloatBatchMatmulOp, ChecksItsParameters) {
  FloatSamples samples(7);
  OpProgram op("float_batch_matmul");
  op.constant(samples.floats(3)).input(samples.floats(12)).input(samples.floats(16));
  op.input(samples.floats(24)).output(samples.floats(12));
  op.words({OCTAVO_IDENTITY}).number(0).number(0).words({2, 4, 3, 4, 1, 3, 1, 3});
  op.words({1, 2, 8, 12, 6});
  test::expect_checked(op, 5, 7);
}

}  // namespace
}  // namespace octavo
