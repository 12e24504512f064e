#include <gtest/gtest.h>

#include <algorithm>

#include "epilogue/epilogue_panel.h"
#include "op_program.h"
#include "reference/reference_gemm.h"
#include "samples.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

using test::Fill;
using test::OpProgram;
using test::Samples;

// Heads [batch, rows, heads, width] of two operands: scores where the right one is read along its
// width, else weighted values. One right matrix serves `group` left ones.
struct HeadProduct {
  size_t batch, heads, group, m, k, n;
  bool scores;
  octavo_type a_type, b_type, output;
  int32_t a_zero, b_zero;
  std::vector<uint8_t> a, b;
  std::vector<float> scales;
  std::vector<int32_t> bias;  // or none

  HeadProduct(Samples& samples, Fill fill)
      : batch(size(samples, 0, 3)),
        heads(size(samples, 1, 3)),
        group(size(samples, 1, 2)),
        m(size(samples, 0, 40)),
        k(size(samples, 0, 70)),
        n(size(samples, 0, 50)),
        scores(samples.integer(0, 1) == 1),
        a_type(samples.integer(0, 1) == 1 ? OCTAVO_S8 : OCTAVO_U8),
        b_type(samples.integer(0, 1) == 1 ? OCTAVO_S8 : OCTAVO_U8),
        output(kOutputs[samples.integer(0, 3)]),
        a_zero(samples.zero_points(1, a_type)[0]),
        b_zero(samples.zero_points(1, b_type)[0]),
        a(samples.bytes(batch * m * heads * group * k, a_type, fill)),
        b(samples.bytes(batch * k * heads * n, b_type, fill)),
        scales(samples.scales(samples.integer(0, 1) == 1 || n == 0 ? 1 : n, k)),
        bias(samples.integers(samples.integer(0, 1) == 1 ? n : 0, -9000, 9000)) {}

  static constexpr octavo_type kOutputs[] = {OCTAVO_S32, OCTAVO_F32, OCTAVO_U8, OCTAVO_S8};
  static size_t size(Samples& samples, int32_t low, int32_t high) {
    return static_cast<size_t>(samples.integer(low, high));
  }

  size_t a_row() const { return heads * group * k; }
  size_t b_row() const { return scores ? 1 : heads * std::max<size_t>(n, 1); }
  size_t b_column() const { return scores ? heads * k : 1; }
  size_t b_head() const { return scores ? k : n; }
  size_t b_batch() const { return k * heads * n; }
  size_t out_row() const { return heads * group * n; }
  size_t out_bytes() const { return batch * m * out_row() * output_bytes(output); }
  bool is_quantized() const { return output == OCTAVO_U8 || output == OCTAVO_S8; }
  octavo_epilogue epilogue() const {
    octavo_epilogue epilogue{};
    epilogue.output = output;
    if (!bias.empty()) epilogue.bias = bias.data();
    if (output != OCTAVO_S32) {
      epilogue.scales = scales.data();
      epilogue.scale_count = scales.size();
    }
    epilogue.zero_point = is_quantized() ? 7 : 0;
    epilogue.clamp_min = is_quantized() ? 3 : 0;
    epilogue.clamp_max = is_quantized() ? 120 : 0;
    return epilogue;
  }

  OpProgram op() const {
    OpProgram op("batch_matmul");
    if (bias.empty()) {
      op.absent();
    } else {
      op.constant(bias);
    }
    if (output == OCTAVO_S32) {
      op.absent();
    } else {
      op.constant(scales);
    }
    op.input(a).input(b).output(std::vector<uint8_t>(out_bytes(), 0x5A));
    op.words({m, k, n, a_row(), 1, b_row(), b_column(), out_row()});
    op.words({3, batch, m * a_row(), b_batch(), m * out_row(), heads, group * k, b_head()});
    op.words({group * n, group, k, 0, n});
    const octavo_epilogue how = epilogue();
    op.words(
        {size_of(output), size_of(how.zero_point), size_of(how.clamp_min), size_of(how.clamp_max)});
    op.words({size_of(a_type), size_of(a_zero), size_of(b_type), size_of(b_zero)});
    return op;
  }
  static size_t size_of(int32_t word) { return static_cast<size_t>(word); }

  std::vector<uint8_t> expected() const {
    std::vector<uint8_t> out(out_bytes(), 0x5A);
    for (size_t i = 0; i < batch * heads * group; ++i) {
      const size_t sample = i / (heads * group), head = i % (heads * group);
      const octavo_weights rhs{b.data() + sample * b_batch() + head / group * b_head(),
                               b_type,
                               k,
                               n,
                               b_row(),
                               b_column(),
                               &b_zero,
                               1};
      const size_t first = sample * m * out_row() + head * n;
      const octavo_matmul_args args{a.data() + sample * m * a_row() + head * k,
                                    a_type,
                                    m,
                                    a_row(),
                                    &a_zero,
                                    1,
                                    nullptr,
                                    epilogue(),
                                    out.data() + first * output_bytes(output),
                                    out_row()};
      reference::matmul(args, rhs);
    }
    return out;
  }
};

TEST(BatchMatmulOp, IsExactForHeadsOfAllSignsAndOutputs) {
  Samples samples(41);
  for (int round = 0; round < 120; ++round) {
    const HeadProduct product(samples, test::kFills[round % 4]);
    SCOPED_TRACE(testing::Message() << product.m << "x" << product.k << "x" << product.n);
    ASSERT_EQ(product.op().run<uint8_t>(), product.expected());
  }
}

TEST(BatchMatmulOp, IsExactWhereThreadsShareTheBatch) {
  Samples samples(42);
  const ThreadLimit limit(3);
  for (const size_t batch : {size_t{3}, size_t{5}, size_t{1}}) {
    HeadProduct product(samples, Fill::random);
    product.batch = batch, product.heads = batch == 1 ? 1 : 2, product.group = 2;
    product.m = 120, product.k = 64, product.n = 40;
    product.a = samples.bytes(batch * 120 * product.heads * 2 * 64, product.a_type);
    product.b = samples.bytes(batch * 64 * product.heads * 40, product.b_type);
    product.scales = samples.scales(1, 64);
    product.bias = samples.integers(40, -9000, 9000);
    ASSERT_EQ(product.op().run<uint8_t>(), product.expected());
  }
}

TEST(BatchMatmulOp, ChecksItsParameters) {
  Samples samples(43);
  OpProgram op("batch_matmul");
  op.constant(samples.integers(3, -9, 9)).constant(samples.scales(1, 4));
  op.input(samples.bytes(16, OCTAVO_U8)).input(samples.bytes(24, OCTAVO_S8));
  op.output(std::vector<uint8_t>(12));
  op.words({2, 4, 3, 4, 1, 3, 1, 3, 1, 2, 8, 12, 6, OCTAVO_U8, 5, 0, 255});
  op.words({OCTAVO_U8, 3, OCTAVO_S8, 1});
  test::expect_checked(op, 5, 17);
  OpProgram far = op;
  far.raw_words()[3] = 0;
  far.raw_words()[4] = 2;
  EXPECT_THROW(far.run<uint8_t>(), InvalidArgument);
  for (const size_t zero_point : {size_t{18}, size_t{20}}) {
    OpProgram wrong = op;
    wrong.raw_words()[zero_point] = 256;
    EXPECT_THROW(wrong.run<uint8_t>(), InvalidArgument);
  }
}

// As many elements as there are places, some of which two matrices share.
TEST(BatchMatmulOp, RefusesOutputsThatOverlap) {
  Samples samples(44);
  for (const size_t stride : {size_t{6}, size_t{5}, size_t{1}, size_t{0}}) {
    OpProgram op("batch_matmul");
    op.absent().absent();
    op.input(samples.bytes(8, OCTAVO_U8)).input(samples.bytes(12, OCTAVO_S8));
    op.output(std::vector<int32_t>(112));
    op.words({2, 4, 3, 4, 1, 3, 1, 3, 2, 2, 0, 0, stride, 2, 0, 0, 100, OCTAVO_S32, 0, 0, 0});
    op.words({OCTAVO_U8, 3, OCTAVO_S8, 1});
    if (stride == 6) {
      EXPECT_NO_THROW(op.run<uint8_t>());
    } else {
      EXPECT_THROW(op.run<uint8_t>(), InvalidArgument) << stride;
    }
  }
}

}  // namespace
}  // namespace octavo
