#include "gemm/microkernel.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/aligned_buffer.h"
#include "gemm/select.h"
#include "pack/pack_rhs.h"
#include "reference/reference_requantize.h"
#include "samples.h"

namespace octavo {
namespace {

using test::Fill;
using test::Samples;

struct TileSize {
  size_t rows, columns, depth;
};

// Exactly as large as the kernel may read, so that a sanitizer sees one byte too many.
class TileCase {
 public:
  TileCase(const Microkernel& kernel, const TileSize& size, Samples& samples, Fill lhs_fill,
           Fill rhs_fill)
      : kernel_(kernel),
        size_(size),
        lhs_(samples.bytes(size.rows * size.depth, kernel.lhs, lhs_fill)),
        weights_(samples.bytes(size.depth * size.columns, OCTAVO_S8, rhs_fill)),
        padded_(kernel.layout.padded_n(size.columns)),
        init_(samples.integers(size.rows * padded_, INT32_MIN, INT32_MAX)) {}

  void check(bool shared_init) const {
    const PackedRhs packed = pack();
    std::vector<int32_t> acc(size_.rows * padded_, 77);
    const size_t init_stride = shared_init ? 0 : padded_;
    kernel_.run({size_.rows, size_.columns, size_.depth, lhs_.data(), size_.depth,
                 packed.panels.data(), init_.data(), init_stride, acc.data(), padded_});
    if (kernel_.release != nullptr) kernel_.release();
    for (size_t i = 0; i < size_.rows; ++i) {
      for (size_t j = 0; j < size_.columns; ++j) {
        ASSERT_EQ(acc[i * padded_ + j], expected(i, j, init_stride))
            << kernel_.name << " rows " << size_.rows << " columns " << size_.columns << " depth "
            << size_.depth << " at " << i << "," << j;
      }
    }
  }

  // Bytes of outputs around the tile's stay as they are.
  void check_quantized(Samples& samples, int32_t clamp_min, int32_t clamp_max) const {
    constexpr uint8_t kUntouched = 77;
    const PackedRhs packed = pack();
    std::vector<float> scales = samples.scales(padded_, 1'000'000);
    scales[size_.columns / 2] = 3e30f;
    const size_t stride = size_.columns + 3;
    std::vector<uint8_t> out(size_.rows * stride, kUntouched);
    EpilogueTile epilogue{};
    epilogue.scales = scales.data();
    epilogue.zero_point = 5;
    epilogue.clamp_min = clamp_min;
    epilogue.clamp_max = clamp_max;
    epilogue.out = out.data();
    epilogue.out_stride = stride;
    kernel_.quantizing({size_.rows, size_.columns, size_.depth, lhs_.data(), size_.depth,
                        packed.panels.data(), init_.data(), padded_, nullptr, 0},
                       epilogue);
    for (size_t i = 0; i < size_.rows; ++i) {
      for (size_t j = 0; j < stride; ++j) {
        const int32_t wanted =
            j < size_.columns ? reference::requantize(expected(i, j, padded_), scales[j],
                                                      epilogue.zero_point, clamp_min, clamp_max)
                              : kUntouched;
        ASSERT_EQ(out[i * stride + j], static_cast<uint8_t>(wanted))
            << kernel_.name << " rows " << size_.rows << " columns " << size_.columns << " depth "
            << size_.depth << " at " << i << "," << j;
      }
    }
  }

 private:
  PackedRhs pack() const {
    octavo_weights weights{};
    weights.data = weights_.data();
    weights.k = size_.depth;
    weights.n = size_.columns;
    weights.k_stride = size_.columns;
    weights.n_stride = 1;
    return pack_rhs(weights, kernel_.layout);
  }

  int32_t expected(size_t i, size_t j, size_t init_stride) const {
    uint32_t sum = static_cast<uint32_t>(init_[i * init_stride + j]);
    for (size_t k = 0; k < size_.depth; ++k) {
      const uint8_t byte = lhs_[i * size_.depth + k];
      const int32_t a = kernel_.lhs == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte;
      sum += static_cast<uint32_t>(a * static_cast<int8_t>(weights_[k * size_.columns + j]));
    }
    return static_cast<int32_t>(sum);
  }

  const Microkernel& kernel_;
  TileSize size_;
  std::vector<uint8_t> lhs_;
  std::vector<uint8_t> weights_;
  size_t padded_;
  std::vector<int32_t> init_;
};

class EveryMicrokernel : public testing::TestWithParam<Microkernel> {
 protected:
  void SetUp() override {
    if (!active_isa().contains(GetParam().isa)) GTEST_SKIP() << "not on this CPU";
  }
};

TEST_P(EveryMicrokernel, IsExactOnEveryTileSizeUpToItsLargest) {
  Samples samples(11);
  const Microkernel& kernel = GetParam();
  for (size_t rows = 1; rows <= kernel.mr; ++rows) {
    for (size_t columns = 1; columns <= kernel.layout.nr; ++columns) {
      for (size_t depth : {1, 2, 3, 4, 5, 7, 8, 9, 12, 15}) {
        TileCase(kernel, {rows, columns, depth}, samples, Fill::random, Fill::random)
            .check(depth % 2 == 0);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(EveryMicrokernel, RequantizesItsSumsOnEveryTileSizeUpToItsLargest) {
  Samples samples(16);
  const Microkernel& kernel = GetParam();
  if (kernel.quantizing == nullptr) GTEST_SKIP() << "writes sums only";
  for (size_t rows = 1; rows <= kernel.mr; ++rows) {
    for (size_t columns = 1; columns <= kernel.layout.nr; ++columns) {
      for (size_t depth : {0, 3, 8, 13, 100}) {
        const TileCase tile(kernel, {rows, columns, depth}, samples, Fill::random, Fill::random);
        tile.check_quantized(samples, 3, 250);
        tile.check_quantized(samples, -128, 127);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(EveryMicrokernel, IsExactBeyondWholeSteps) {
  Samples samples(15);
  const Microkernel& kernel = GetParam();
  for (size_t rows : {4, 16, 17, 31}) {
    for (size_t columns : {1, 17, 48, 64}) {
      for (size_t depth : {61, 65, 100, 130}) {
        const TileSize size{std::min<size_t>(rows, kernel.mr),
                            std::min<size_t>(columns, kernel.layout.nr), depth};
        TileCase(kernel, size, samples, Fill::random, Fill::random).check(depth % 2 == 0);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(EveryMicrokernel, IsExactOnExtremeValuesWithoutSaturating) {
  Samples samples(12);
  const Microkernel& kernel = GetParam();
  for (Fill lhs : test::kFills) {
    for (Fill rhs : test::kFills) {
      for (size_t depth : {63, 64, 65, 127, 128, 129, 1000}) {
        TileCase(kernel, {kernel.mr, kernel.layout.nr, depth}, samples, lhs, rhs).check(false);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(EveryMicrokernel, WrapsAroundWhereSumsPassTheRangeOfInt32) {
  Samples samples(13);
  const Microkernel& kernel = GetParam();
  TileCase(kernel, {kernel.mr, kernel.layout.nr, 70000}, samples, Fill::highest, Fill::lowest)
      .check(false);
}

TEST_P(EveryMicrokernel, ReturnsItsInitialValuesForDepthZero) {
  Samples samples(14);
  const Microkernel& kernel = GetParam();
  TileCase(kernel, {kernel.mr, kernel.layout.nr, 0}, samples, Fill::random, Fill::random)
      .check(false);
}

std::vector<Microkernel> table() { return {microkernels().begin(), microkernels().end()}; }

INSTANTIATE_TEST_SUITE_P(Table, EveryMicrokernel, testing::ValuesIn(table()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace octavo
