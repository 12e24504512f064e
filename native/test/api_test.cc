#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "octavo/octavo.h"

namespace {

struct FreeMatrix {
  void operator()(octavo_packed_matrix* packed) const { octavo_free_packed_matrix(packed); }
};
struct FreeConv2d {
  void operator()(octavo_packed_conv2d* packed) const { octavo_free_packed_conv2d(packed); }
};
using Matrix = std::unique_ptr<octavo_packed_matrix, FreeMatrix>;
using Conv2d = std::unique_ptr<octavo_packed_conv2d, FreeConv2d>;

const int8_t kWeights[] = {1, 2, 3, 4, 5, 6};
const float kScales[] = {1.0f, NAN, 1.0f};

octavo_weights two_by_three() {
  return octavo_weights{kWeights, OCTAVO_S8, 2, 3, 3, 1, nullptr, 0};
}

Matrix packed_two_by_three() {
  octavo_packed_matrix* packed = nullptr;
  const octavo_weights weights = two_by_three();
  EXPECT_EQ(octavo_pack_matrix(&weights, &packed), OCTAVO_OK);
  return Matrix(packed);
}

struct MatmulCall {
  MatmulCall() {
    args.lhs = lhs;
    args.lhs_type = OCTAVO_U8;
    args.m = 2;
    args.lhs_stride = 2;
    args.rhs = packed.get();
    args.epilogue.output = OCTAVO_S32;
    args.out = out;
    args.out_stride = 3;
  }
  octavo_status run() const { return octavo_matmul(&args); }

  Matrix packed = packed_two_by_three();
  uint8_t lhs[4] = {1, 2, 3, 4};
  int32_t out[6] = {};
  octavo_matmul_args args{};
};

TEST(Api, MultipliesThroughTheFlatInterface) {
  MatmulCall call;
  ASSERT_EQ(call.run(), OCTAVO_OK) << octavo_last_error();
  const int32_t expected[] = {9, 12, 15, 19, 26, 33};
  EXPECT_EQ(std::memcmp(call.out, expected, sizeof(expected)), 0);
}

template <typename Change>
void expect_refused(const char* message, Change change) {
  MatmulCall call;
  change(call.args);
  EXPECT_EQ(call.run(), OCTAVO_INVALID_ARGUMENT) << message;
  EXPECT_STREQ(octavo_last_error(), message);
}

TEST(Api, SaysWhatIsWrongWithTheArgumentsOfAProduct) {
  expect_refused("rhs: expected packed weights", [](auto& args) { args.rhs = nullptr; });
  expect_refused("lhs: expected a pointer", [](auto& args) { args.lhs = nullptr; });
  expect_refused("out: expected a pointer", [](auto& args) { args.out = nullptr; });
  expect_refused("lhs_stride: expected at least k", [](auto& args) { args.lhs_stride = 1; });
  expect_refused("out_stride: expected at least n", [](auto& args) { args.out_stride = 2; });
  expect_refused("lhs_type: expected OCTAVO_S8 or OCTAVO_U8",
                 [](auto& args) { args.lhs_type = OCTAVO_F32; });
  expect_refused("lhs_zero_points: expected 2, found 3",
                 [](auto& args) { args.lhs_zero_point_count = 3; });
  expect_refused("lhs: expected a size that fits memory", [](auto& args) {
    args.m = SIZE_MAX / 2;
    args.lhs_stride = SIZE_MAX / 2;
  });
  expect_refused("out: expected memory apart from lhs",
                 [](auto& args) { args.out = const_cast<void*>(args.lhs); });
  expect_refused("epilogue.scale_count: expected 0 for int32 outputs",
                 [](auto& args) { args.epilogue.scale_count = 1; });
}

TEST(Api, TakesInfiniteScalesOfFloatOutputs) {
  const float scales[] = {1.0f, INFINITY, -INFINITY};
  MatmulCall call;
  call.args.epilogue.output = OCTAVO_F32;
  call.args.epilogue.scales = scales;
  call.args.epilogue.scale_count = 3;
  ASSERT_EQ(call.run(), OCTAVO_OK) << octavo_last_error();
  float out[6];
  std::memcpy(out, call.out, sizeof(out));
  EXPECT_EQ(std::vector<float>(out, out + 6),
            (std::vector<float>{9, INFINITY, -INFINITY, 19, INFINITY, -INFINITY}));
}

TEST(Api, RefusesEpiloguesThatCannotBeComputed) {
  expect_refused("epilogue.scale_count: expected 3, found 0",
                 [](auto& args) { args.epilogue.output = OCTAVO_F32; });
  expect_refused("epilogue.scales: expected finite values", [](auto& args) {
    args.epilogue.output = OCTAVO_U8;
    args.epilogue.scales = kScales;
    args.epilogue.scale_count = 3;
  });
  expect_refused("epilogue.clamp_min: expected at most epilogue.clamp_max", [](auto& args) {
    args.epilogue.output = OCTAVO_U8;
    args.epilogue.scales = kScales;
    args.epilogue.scale_count = 1;
    args.epilogue.clamp_min = 9;
    args.epilogue.clamp_max = 8;
  });
  expect_refused("epilogue.zero_point: expected a value of the output's type", [](auto& args) {
    args.epilogue.output = OCTAVO_S8;
    args.epilogue.scales = kScales;
    args.epilogue.scale_count = 1;
    args.epilogue.zero_point = 128;
  });
  expect_refused("epilogue.float_bias: expected NULL unless outputs are float",
                 [](auto& args) { args.epilogue.float_bias = kScales; });
}

const float kOne = 1;
const uint8_t kTable[256] = {};

void ask_for_bytes(octavo_matmul_args& args) {
  args.epilogue.output = OCTAVO_U8;
  args.epilogue.scales = &kOne;
  args.epilogue.scale_count = 1;
  args.epilogue.clamp_max = 255;
  args.epilogue.residual = {kTable, OCTAVO_U8, 3, 1, 1, 0, 0, 255, 0};
}

TEST(Api, AddsResidualsAndLooksUpTables) {
  uint8_t table[256];
  for (size_t i = 0; i < 256; ++i) table[i] = static_cast<uint8_t>(255 - i);
  const uint8_t residual[] = {1, 2, 3, 4, 5, 6};
  MatmulCall call;
  ask_for_bytes(call.args);
  call.args.epilogue.table = table;
  call.args.epilogue.residual.data = residual;
  ASSERT_EQ(call.run(), OCTAVO_OK) << octavo_last_error();
  const uint8_t expected[] = {247, 245, 243, 240, 234, 228};
  EXPECT_EQ(std::memcmp(call.out, expected, sizeof(expected)), 0);
}

TEST(Api, RefusesTablesAndResidualsThatCannotBeUsed) {
  expect_refused("epilogue.table: expected NULL unless outputs are bytes",
                 [](auto& args) { args.epilogue.table = kTable; });
  expect_refused("epilogue.residual.data: expected NULL unless outputs are bytes",
                 [](auto& args) { args.epilogue.residual.data = kTable; });
  expect_refused("epilogue.residual.type: expected OCTAVO_S8 or OCTAVO_U8", [](auto& args) {
    ask_for_bytes(args);
    args.epilogue.residual.type = OCTAVO_F32;
  });
  expect_refused("epilogue.residual.stride: expected at least n", [](auto& args) {
    ask_for_bytes(args);
    args.epilogue.residual.stride = 2;
  });
  expect_refused("epilogue.residual: expected a size that fits memory", [](auto& args) {
    ask_for_bytes(args);
    args.epilogue.residual.stride = SIZE_MAX;
  });
  expect_refused("epilogue.residual.ratio, residual_ratio, offset: expected finite values",
                 [](auto& args) {
                   ask_for_bytes(args);
                   args.epilogue.residual.offset = INFINITY;
                 });
  expect_refused("epilogue.residual.clamp_min, clamp_max: expected values of the output's type",
                 [](auto& args) {
                   ask_for_bytes(args);
                   args.epilogue.residual.clamp_max = 256;
                 });
  expect_refused("epilogue.residual.clamp_min: expected at most epilogue.residual.clamp_max",
                 [](auto& args) {
                   ask_for_bytes(args);
                   args.epilogue.residual.clamp_min = 9;
                   args.epilogue.residual.clamp_max = 8;
                 });
  expect_refused("epilogue.residual.comes_first: expected 0 or 1", [](auto& args) {
    ask_for_bytes(args);
    args.epilogue.residual.comes_first = 2;
  });
  expect_refused("out: expected memory apart from epilogue.residual", [](auto& args) {
    ask_for_bytes(args);
    args.epilogue.residual.data = args.out;
  });
  expect_refused("out: expected memory apart from epilogue.table", [](auto& args) {
    ask_for_bytes(args);
    args.epilogue.table = static_cast<const uint8_t*>(args.out);
  });
}

TEST(Api, RefusesWeightsThatCannotBePacked) {
  octavo_packed_matrix* packed = nullptr;
  octavo_weights weights = two_by_three();
  weights.k = SIZE_MAX / 4;
  EXPECT_EQ(octavo_pack_matrix(&weights, &packed), OCTAVO_INVALID_ARGUMENT);
  weights = two_by_three();
  const int32_t zero_point = 200;
  weights.zero_points = &zero_point;
  weights.zero_point_count = 1;
  EXPECT_EQ(octavo_pack_matrix(&weights, &packed), OCTAVO_INVALID_ARGUMENT);
  EXPECT_EQ(packed, nullptr);
}

Conv2d packed_identity() {
  static const int8_t one[] = {1};
  const octavo_conv2d_weights weights{one, OCTAVO_S8, 1, 1, 1, 1, 1, nullptr, 0};
  octavo_packed_conv2d* packed = nullptr;
  EXPECT_EQ(octavo_pack_conv2d(&weights, &packed), OCTAVO_OK);
  return Conv2d(packed);
}

octavo_conv2d_args identity_call(const octavo_packed_conv2d* weights, const uint8_t* in,
                                 int32_t* out) {
  octavo_conv2d_args args{};
  args.input = in;
  args.input_type = OCTAVO_U8;
  args.batch = args.stride_h = args.stride_w = args.dilation_h = args.dilation_w = 1;
  args.height = 2;
  args.width = 2;
  args.weights = weights;
  args.epilogue.output = OCTAVO_S32;
  args.out = out;
  return args;
}

TEST(Api, ConvolvesThroughTheFlatInterface) {
  const Conv2d weights = packed_identity();
  const uint8_t in[] = {1, 2, 3, 4};
  int32_t out[4] = {};
  octavo_conv2d_args args = identity_call(weights.get(), in, out);
  ASSERT_EQ(octavo_conv2d(&args), OCTAVO_OK) << octavo_last_error();
  EXPECT_EQ(out[3], 4);
}

TEST(Api, RefusesConvolutionsThatMakeNoSense) {
  const Conv2d weights = packed_identity();
  const uint8_t in[] = {1, 2, 3, 4};
  int32_t out[4] = {};
  const auto refused = [&](auto change) {
    octavo_conv2d_args args = identity_call(weights.get(), in, out);
    change(args);
    return octavo_conv2d(&args) == OCTAVO_INVALID_ARGUMENT;
  };
  EXPECT_TRUE(refused([](auto& args) { args.stride_h = 0; }));
  EXPECT_TRUE(refused([](auto& args) { args.height = 0; }));
  EXPECT_TRUE(refused([](auto& args) { args.pad_left = SIZE_MAX; }));
  EXPECT_TRUE(refused([](auto& args) {
    args.pad_top = 1u << 29;
    args.stride_h = 1u << 30;
  }));
  EXPECT_TRUE(refused([](auto& args) { args.batch = SIZE_MAX; }));
  EXPECT_TRUE(refused([](auto& args) { args.input_zero_point = -1; }));
  EXPECT_TRUE(refused([](auto& args) { args.input_layout = 7; }));
  EXPECT_TRUE(refused([](auto& args) { args.epilogue.row_scales = kScales; }));
}

TEST(Api, RefusesGroupsThatDoNotDivideTheChannels) {
  static const int8_t data[3] = {};
  const octavo_conv2d_weights weights{data, OCTAVO_S8, 3, 1, 1, 1, 2, nullptr, 0};
  octavo_packed_conv2d* packed = nullptr;
  EXPECT_EQ(octavo_pack_conv2d(&weights, &packed), OCTAVO_INVALID_ARGUMENT);
  EXPECT_STREQ(octavo_last_error(), "weights.out_channels: expected a multiple of weights.groups");
}

TEST(Api, KnowsEveryNameInTheEnvironmentsRestriction) { EXPECT_STREQ(octavo_unknown_isa(), ""); }

}  // namespace
