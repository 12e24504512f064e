// Tables and residuals of quantized outputs, against their definition: on each epilogue, product
// and convolution.
#include <gtest/gtest.h>

#include <vector>

#include "conv/conv2d.h"
#include "epilogue/epilogue_panel.h"
#include "epilogue/select_epilogue.h"
#include "gemm/gemm.h"
#include "gemm/select.h"
#include "reference/reference_gemm.h"
#include "reference/reference_requantize.h"
#include "samples.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

using test::Fill;
using test::Samples;

constexpr octavo_type kByteTypes[] = {OCTAVO_U8, OCTAVO_S8};

struct Tail {
  bool has_table, has_residual;
  octavo_type output, residual;
};

std::vector<Tail> tails() {
  std::vector<Tail> all;
  for (octavo_type output : kByteTypes) {
    all.push_back({true, false, output, OCTAVO_U8});
    for (octavo_type residual : kByteTypes) {
      all.push_back({false, true, output, residual});
      all.push_back({true, true, output, residual});
    }
  }
  return all;
}

// The memory of a quantized epilogue for `columns` outputs a row.
struct Epilogue {
  std::vector<int32_t> bias;
  std::vector<float> scales;
  std::vector<uint8_t> table, residual;
  octavo_epilogue c{};

  Epilogue(const Tail& tail, size_t columns, size_t depth, size_t residual_bytes, Samples& samples,
           Fill fill = Fill::random)
      : bias(samples.integers(columns, -30000, 30000)),
        scales(samples.scales(columns, depth)),
        table(samples.bytes(256, tail.output)),
        residual(samples.bytes(residual_bytes, tail.residual, fill)) {
    const int32_t low = tail.output == OCTAVO_U8 ? 0 : -128;
    c.output = tail.output;
    c.bias = bias.data();
    c.scales = scales.data();
    c.scale_count = scales.size();
    c.zero_point = low + samples.integer(0, 255);
    c.clamp_min = low + samples.integer(0, 3);
    c.clamp_max = low + samples.integer(240, 255);
    if (tail.has_table) c.table = table.data();
    if (!tail.has_residual) return;
    c.residual.data = residual.data();
    c.residual.type = tail.residual;
    set_ratios(samples);
    c.residual.comes_first = samples.integer(0, 1);
    c.residual.clamp_min = low + samples.integer(0, 9);
    c.residual.clamp_max = low + samples.integer(100, 255);
  }

  // As of scales; halves make ties, and a few leave every range.
  void set_ratios(Samples& samples) {
    const float sizes[] = {0.5f, 1.0f, 0.0f, -0.5f, 3e38f, -3e38f};
    const auto ratio = [&] {
      const int32_t pick = samples.integer(0, 11);
      return pick < 6 ? sizes[pick] : static_cast<float>(samples.integer(1, 999)) / 331.0f;
    };
    c.residual.ratio = ratio();
    c.residual.residual_ratio = ratio();
    c.residual.offset = samples.integer(0, 3) == 0
                            ? 2e38f
                            : static_cast<float>(samples.integer(-600, 600)) / 4.0f;
  }
};

class EveryTailEpilogue : public testing::TestWithParam<EpilogueEntry> {
 protected:
  void SetUp() override {
    if (!active_isa().contains(GetParam().isa)) GTEST_SKIP() << "not on this CPU";
  }
};

void expect_tile(const EpilogueEntry& entry, const Tail& tail, size_t columns, size_t padding,
                 Samples& samples) {
  const size_t rows = 5, stride = columns + padding;
  Epilogue epilogue(tail, columns, 20, rows * stride, samples);
  epilogue.c.residual.stride = stride;
  const std::vector<int32_t> acc = samples.integers(rows * stride, -90000, 90000);
  std::vector<uint8_t> found(rows * stride, 0xA5), expected = found;
  EpilogueTile tile{};
  tile.rows = rows;
  tile.columns = columns;
  tile.acc = acc.data();
  tile.acc_stride = stride;
  tile.scales = epilogue.scales.data();
  tile.zero_point = epilogue.c.zero_point;
  tile.clamp_min = epilogue.c.clamp_min;
  tile.clamp_max = epilogue.c.clamp_max;
  tile.out = found.data();
  tile.out_stride = stride;
  tile.tail = tail_of(epilogue.c, 0);
  entry.run(tile);
  for (size_t i = 0; i < rows * stride; ++i) {
    if (i % stride >= columns) continue;
    const int32_t q = reference::requantize(acc[i], epilogue.scales[i % stride], tile.zero_point,
                                            tile.clamp_min, tile.clamp_max);
    expected[i] = static_cast<uint8_t>(reference::finish(epilogue.c, q, i));
  }
  ASSERT_EQ(found, expected) << entry.name << " " << columns << " columns, table "
                             << tail.has_table << " residual " << tail.has_residual;
}

TEST_P(EveryTailEpilogue, EqualsTheReferenceOnAnyNumberOfColumns) {
  Samples samples(91);
  for (const Tail& tail : tails()) {
    for (size_t columns = 1; columns <= 150; columns += columns < 70 ? 1 : 7) {
      for (size_t padding : {0, 5}) expect_tile(GetParam(), tail, columns, padding, samples);
      if (HasFatalFailure()) return;
    }
  }
}

std::vector<EpilogueEntry> tail_lines() {
  std::vector<EpilogueEntry> lines;
  for (const EpilogueEntry& entry : epilogues()) {
    if (entry.kind == EpilogueKind::q8_tail) lines.push_back(entry);
  }
  return lines;
}

INSTANTIATE_TEST_SUITE_P(Table, EveryTailEpilogue, testing::ValuesIn(tail_lines()),
                         [](const auto& info) { return std::string(info.param.name); });

// The kernel's own, and with what only epilogues make use of.
std::vector<IsaSet> tiers_of(const Microkernel& kernel) {
  if (!kernel.isa.contains(isa::avx512)) return {kernel.isa};
  return {kernel.isa, kernel.isa | (active_isa() & isa::avx512_vbmi)};
}

void expect_product(const Tail& tail, size_t m, size_t k, size_t n, Fill fill, Samples& samples) {
  const size_t out_stride = n + 3, residual_stride = n + 5;
  const std::vector<uint8_t> lhs = samples.bytes(m * k, OCTAVO_U8);
  const std::vector<uint8_t> rhs = samples.bytes(k * n, OCTAVO_S8);
  Epilogue epilogue(tail, n, k, m * residual_stride, samples, fill);
  epilogue.c.residual.stride = residual_stride;
  const octavo_weights weights{rhs.data(), OCTAVO_S8, k, n, n, 1, nullptr, 0};
  octavo_matmul_args args{};
  args.lhs = lhs.data();
  args.lhs_type = OCTAVO_U8;
  args.m = m;
  args.lhs_stride = k;
  args.epilogue = epilogue.c;
  args.out_stride = out_stride;
  std::vector<uint8_t> expected(m * out_stride, 1);
  args.out = expected.data();
  reference::matmul(args, weights);
  for (const Microkernel& kernel : microkernels()) {
    if (!active_isa().contains(kernel.isa)) continue;
    const PackedRhs packed = pack_rhs(weights, kernel.layout);
    for (const IsaSet isa : tiers_of(kernel)) {
      std::vector<uint8_t> found(m * out_stride, 1);
      gemm({lhs.data(), OCTAVO_U8, m, k, nullptr, 0, &packed, epilogue.c, found.data(),
            out_stride},
           isa);
      ASSERT_EQ(found, expected) << kernel.name << " " << m << "x" << k << "x" << n;
    }
  }
}

TEST(EpilogueTail, IsThatOfEachProduct) {
  Samples samples(92);
  for (const Tail& tail : tails()) {
    for (Fill fill : test::kFills) expect_product(tail, 37, 19, 83, fill, samples);
    for (size_t n : {1, 15, 64, 65, 130}) expect_product(tail, 3, 5, n, Fill::random, samples);
    if (HasFatalFailure()) return;
  }
}

TEST(EpilogueTail, IsThatOfProductsOnSeveralThreads) {
  Samples samples(93);
  const ThreadLimit limit(3);
  for (const Tail& tail : tails()) expect_product(tail, 300, 64, 200, Fill::random, samples);
}

struct Shape {
  size_t groups, group_channels, out_channels, kernel, stride;
};

// Products, an image that windows share, groups, and each kind of depthwise kernel.
constexpr Shape kShapes[] = {
    {1, 70, 90, 1, 1}, {1, 6, 20, 1, 2},  {1, 3, 37, 3, 1},  {3, 4, 6, 3, 1},  {5, 1, 10, 3, 1},
    {64, 1, 64, 3, 1}, {72, 1, 72, 3, 2}, {131, 1, 131, 5, 1}, {9, 1, 9, 3, 1}, {40, 1, 40, 7, 1}};

void expect_convolution(const Tail& tail, const Shape& shape, octavo_layout in, octavo_layout out,
                        Samples& samples) {
  const size_t height = 13, width = 11, batch = 2;
  const size_t channels = shape.groups * shape.group_channels;
  const size_t taps = shape.group_channels * shape.kernel * shape.kernel;
  const std::vector<uint8_t> input = samples.bytes(batch * channels * height * width, OCTAVO_U8);
  const std::vector<uint8_t> data = samples.bytes(shape.out_channels * taps, OCTAVO_S8);
  const octavo_conv2d_weights weights{data.data(),    OCTAVO_S8,    shape.out_channels,
                                      shape.group_channels, shape.kernel, shape.kernel,
                                      shape.groups,   nullptr,      0};
  octavo_conv2d_args args{};
  args.input = input.data();
  args.input_type = OCTAVO_U8;
  args.input_zero_point = 7;
  args.input_layout = in;
  args.output_layout = out;
  args.batch = batch;
  args.height = height;
  args.width = width;
  args.stride_h = args.stride_w = shape.stride;
  args.dilation_h = args.dilation_w = 1;
  args.pad_top = args.pad_left = args.pad_bottom = args.pad_right = shape.kernel / 2;
  const size_t out_height = (height - 1) / shape.stride + 1;
  const size_t out_width = (width - 1) / shape.stride + 1;
  const size_t outputs = batch * shape.out_channels * out_height * out_width;
  const Epilogue epilogue(tail, shape.out_channels, taps, outputs, samples);
  args.epilogue = epilogue.c;
  std::vector<uint8_t> expected(outputs, 1);
  args.out = expected.data();
  reference::conv2d(args, weights, out_height, out_width);
  for (const Microkernel& kernel : microkernels()) {
    if (!active_isa().contains(kernel.isa)) continue;
    const PackedConv2d packed = pack_conv2d(weights, kernel.isa);
    for (const IsaSet isa : tiers_of(kernel)) {
      std::vector<uint8_t> found(outputs, 2);
      args.out = found.data();
      conv2d(args, packed, ConvShape(args, packed.shape, out_height, out_width), isa);
      ASSERT_EQ(found, expected) << kernel.name << " groups " << shape.groups << " kernel "
                                 << shape.kernel << " layouts " << in << out;
    }
  }
}

TEST(EpilogueTail, IsThatOfEachConvolution) {
  Samples samples(94);
  for (const Tail& tail : tails()) {
    for (const Shape& shape : kShapes) {
      for (octavo_layout in : {OCTAVO_NHWC, OCTAVO_NCHW}) {
        for (octavo_layout out : {OCTAVO_NHWC, OCTAVO_NCHW}) {
          expect_convolution(tail, shape, in, out, samples);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

}  // namespace
}  // namespace octavo
