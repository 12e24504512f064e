#include "attention/attention.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "attention/weigh_kernels.h"
#include "every_tier.h"
#include "float_samples.h"
#include "op_program.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

using test::FloatSamples;
using test::OpProgram;

constexpr double kEpsilon = 0x1p-24;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

enum class Masking { none, keys, number, full };

// Heads as an axis of their own, or merged into rows; the mask is [batch][1][queries][keys],
// [keys] or one number.
struct Sample {
  size_t batch, key_heads, group, queries, keys, width, value_width;
  float scale;
  bool causal, merged;
  int offset;
  Masking masking;
  std::vector<float> q, k, v, mask;

  Sample(FloatSamples& samples, size_t most_queries, size_t most_keys)
      : batch(samples.size(1, 2)),
        key_heads(samples.size(1, 3)),
        group(samples.size(1, 3)),
        queries(samples.size(1, most_queries)),
        keys(samples.size(1, most_keys)),
        width(samples.size(1, 40)),
        value_width(samples.size(1, 70)),
        scale(samples.uniform(-1, 1)),
        causal(samples.size(0, 2) == 0),
        merged(samples.size(0, 1) == 1),
        offset(static_cast<int>(samples.size(0, 9)) - 4),
        masking(static_cast<Masking>(samples.size(0, 3))),
        q(samples.floats(batch * heads() * queries * width, -2, 2)),
        k(samples.floats(batch * key_heads * keys * width, -2, 2)),
        v(samples.floats(batch * key_heads * keys * value_width)),
        mask(samples.floats(masking == Masking::full   ? batch * queries * keys
                            : masking == Masking::keys ? keys
                                                       : 1)) {
    constexpr float kHidden[] = {-1e9f, std::numeric_limits<float>::lowest(), -kInfinity};
    for (float& each : mask) {
      if (samples.size(0, 2) == 0) each = kHidden[samples.size(0, 2)];
    }
  }

  size_t heads() const { return key_heads * group; }

  HeadStrides strides(size_t count, size_t rows, size_t columns) const {
    if (merged) return {rows * count * columns, columns, count * columns};
    return {count * rows * columns, rows * columns, columns};
  }
  HeadStrides q_strides() const { return strides(heads(), queries, width); }
  HeadStrides k_strides() const { return strides(key_heads, keys, width); }
  HeadStrides v_strides() const { return strides(key_heads, keys, value_width); }
  HeadStrides out_strides() const { return strides(heads(), queries, value_width); }

  std::array<size_t, 4> mask_strides() const {
    if (masking == Masking::full) return {queries * keys, 0, keys, 1};
    return {0, 0, 0, masking == Masking::keys ? size_t{1} : size_t{0}};
  }
  double mask_at(size_t image, size_t query, size_t key) const {
    if (masking == Masking::none) return 0;
    const auto by = mask_strides();
    return mask[image * by[0] + query * by[2] + key * by[3]];
  }

  std::vector<float> run(IsaSet isa) const {
    std::vector<float> out(batch * heads() * queries * value_width, NAN);
    AttentionArgs args{};
    args.batch = batch, args.key_heads = key_heads, args.group = group;
    args.queries = queries, args.keys = keys, args.width = width, args.value_width = value_width;
    args.scale = scale, args.causal = causal, args.offset = offset;
    const auto by = mask_strides();
    std::copy(by.begin(), by.end(), args.mask_strides);
    args.q_strides = q_strides(), args.k_strides = k_strides();
    args.v_strides = v_strides(), args.out_strides = out_strides();
    args.q = q.data(), args.k = k.data(), args.v = v.data(), args.out = out.data();
    args.mask = masking == Masking::none ? nullptr : mask.data();
    attend(args, isa);
    return out;
  }

  OpProgram op() const {
    OpProgram op("attention");
    op.input(q).input(k).input(v);
    masking == Masking::none ? op.absent() : op.input(mask);
    op.output(std::vector<float>(batch * heads() * queries * value_width));
    op.words({batch, key_heads, group, queries, keys, width, value_width}).number(scale);
    op.words({causal ? 1u : 0u, static_cast<size_t>(offset)});
    const auto by = mask_strides();
    op.words({by[0], by[1], by[2], by[3]});
    for (const HeadStrides& each : {q_strides(), k_strides(), v_strides(), out_strides()}) {
      op.words({each.image, each.head, each.row});
    }
    return op;
  }

  void expect(const std::vector<float>& found) const {
    for (size_t image = 0; image < batch; ++image) {
      for (size_t head = 0; head < heads(); ++head) {
        for (size_t query = 0; query < queries; ++query) {
          expect_row(image, head, query, found);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }

 private:
  static size_t at(const HeadStrides& by, size_t image, size_t head, size_t row) {
    return image * by.image + head * by.head + row * by.row;
  }

  // An error of a score by e changes a weight by a factor of 1 + e.
  void expect_row(size_t image, size_t head, size_t query, const std::vector<float>& found) const {
    const float* const line = &q[at(q_strides(), image, head, query)];
    std::vector<double> scores(keys, -HUGE_VAL);
    double largest_size = 0;
    for (size_t key = 0; key < keys; ++key) {
      if (causal && static_cast<int>(key) > static_cast<int>(query) + offset) continue;
      const float* const other = &k[at(k_strides(), image, head / group, key)];
      double sum = 0, size = 0;
      for (size_t i = 0; i < width; ++i) {
        sum += static_cast<double>(line[i]) * other[i];
        size += std::fabs(static_cast<double>(line[i]) * other[i]);
      }
      scores[key] = sum * scale + mask_at(image, query, key);
      if (scores[key] > -1e8) largest_size = std::max(largest_size, size * std::fabs(scale) + 1);
    }
    // Where all are hidden by large numbers, the products beside these are lost.
    double most = *std::max_element(scores.begin(), scores.end());
    if (most <= -1e8 && most > -HUGE_VAL) return;
    double total = 0;
    for (double& each : scores) total += each = most == -HUGE_VAL ? 0 : std::exp(each - most);
    const double of_scores = 4 * static_cast<double>(width + 4) * kEpsilon * largest_size;
    const double bound = of_scores + (2 * static_cast<double>(keys) + 20) * kEpsilon;
    for (size_t i = 0; i < value_width; ++i) {
      double expected = 0, size = 0;
      for (size_t key = 0; key < keys && total > 0; ++key) {
        const double value = v[at(v_strides(), image, head / group, key) + i];
        expected += scores[key] / total * value;
        size += scores[key] / total * std::fabs(value);
      }
      ASSERT_NEAR(found[at(out_strides(), image, head, query) + i], expected, bound * size)
          << "image " << image << ", head " << head << ", query " << query << ", element " << i
          << ": " << keys << " keys, width " << width;
    }
  }
};

TEST(Attention, StaysCloseToFloat64InEveryTier) {
  FloatSamples samples(231);
  for (int round = 0; round < 60; ++round) {
    const Sample sample(samples, round % 3 == 0 ? 130 : 9, round % 4 == 0 ? 300 : 40);
    test::on_every_tier([&](IsaSet isa) { sample.expect(sample.run(isa)); });
    if (HasFatalFailure()) return;
  }
}

// Keys of more than one block of depth, and rows whose addresses fall into one set of a cache.
TEST(Attention, TakesLongAndAliasingRows) {
  FloatSamples samples(232);
  Sample sample(samples, 1, 1);
  sample.batch = sample.key_heads = sample.group = 1;
  sample.merged = sample.causal = false;
  sample.queries = 14;
  sample.keys = 1100;
  sample.width = 1024;
  sample.value_width = 33;
  sample.scale = 0.03f;
  sample.masking = Masking::none;
  sample.q = samples.floats(sample.queries * sample.width);
  sample.k = samples.floats(sample.keys * sample.width);
  sample.v = samples.floats(sample.keys * sample.value_width);
  test::on_every_tier([&](IsaSet isa) { sample.expect(sample.run(isa)); });
}

TEST(Attention, GivesTheSameBitsOnAnyNumberOfThreads) {
  FloatSamples samples(233);
  for (int round = 0; round < 20; ++round) {
    const Sample sample(samples, 130, 300);
    std::vector<float> alone, together;
    {
      const ThreadLimit limit(1);
      alone = sample.run(active_isa());
    }
    const ThreadLimit limit(3);
    together = sample.run(active_isa());
    for (size_t i = 0; i < alone.size(); ++i) ASSERT_EQ(alone[i], together[i]) << i;
  }
}

// What nobody sees may be anything, and changes nothing.
TEST(Attention, ReadsNoValueOfKeysThatACausalOrderHides) {
  FloatSamples samples(234);
  Sample sample(samples, 1, 1);
  sample.causal = true;
  sample.offset = 0;
  sample.masking = Masking::none;
  sample.queries = 5;
  sample.keys = 40;
  sample.q = samples.floats(sample.batch * sample.heads() * sample.queries * sample.width);
  sample.k = samples.floats(sample.batch * sample.key_heads * sample.keys * sample.width);
  sample.v = samples.floats(sample.batch * sample.key_heads * sample.keys * sample.value_width);
  const std::vector<float> before = sample.run(active_isa());
  for (size_t image = 0; image < sample.batch; ++image) {
    for (size_t head = 0; head < sample.key_heads; ++head) {
      const HeadStrides by = sample.v_strides();
      float* const row = &sample.v[image * by.image + head * by.head + 5 * by.row];
      std::fill(row, row + sample.value_width, NAN);
    }
  }
  const std::vector<float> after = sample.run(active_isa());
  for (size_t i = 0; i < before.size(); ++i) ASSERT_EQ(before[i], after[i]) << i;
}

TEST(AttentionOp, AttendsAndChecksItsParameters) {
  FloatSamples samples(235);
  for (int round = 0; round < 40; ++round) {
    const Sample sample(samples, 9, 40);
    sample.expect(sample.op().run<float>());
    if (HasFatalFailure()) return;
  }
  Sample sample(samples, 9, 40);
  sample.masking = Masking::full;
  sample.mask = samples.floats(sample.batch * sample.queries * sample.keys);
  expect_checked(sample.op(), 5, 236);
}

const WeighKernels& kernels_of(IsaSet isa) {
  constexpr Tier<WeighKernels> kTiers[] = {
#define OCTAVO_WEIGH_TIER(isa, tier) {isa, &weigh_##tier},
      OCTAVO_WIDE_TIERS(OCTAVO_WEIGH_TIER)
#undef OCTAVO_WEIGH_TIER
  };
  return select_tier(kTiers, isa);
}

struct Weighed {
  std::vector<float> scores;
  Weights weights;
};

Weighed weighed(std::vector<float> scores, const float* mask, IsaSet isa) {
  const size_t count = scores.size();
  scores.resize((count + kScoreUnit - 1) / kScoreUnit * kScoreUnit, 7.0f);
  const Weights weights = kernels_of(isa).weigh({scores.data(), count, 0.5f, mask, 1});
  return {scores, weights};
}

TEST(Weighing, StaysWithinAFewRoundingsOfFloat64) {
  FloatSamples samples(237);
  for (size_t count = 1; count <= 100; ++count) {
    const std::vector<float> scores = samples.floats(count, -100, 40);
    test::on_every_tier([&](IsaSet isa) {
      const Weighed found = weighed(scores, nullptr, isa);
      const double most = *std::max_element(scores.begin(), scores.end()) * 0.5;
      double total = 0;
      for (size_t i = 0; i < count; ++i) {
        const double distance = scores[i] * 0.5 - most, expected = std::exp(distance);
        total += expected;
        if (i >= found.weights.seen) {
          ASSERT_LT(expected, 2e-38);
          continue;
        }
        ASSERT_NEAR(found.scores[i], expected, (5 - distance) * kEpsilon * expected + 1.2e-38) << i;
      }
      ASSERT_NEAR(found.weights.total, total, static_cast<double>(count + 8) * kEpsilon * total);
    });
    if (HasFatalFailure()) return;
  }
}

TEST(Weighing, LeavesOutTheEndThatIsHidden) {
  for (size_t count = 1; count <= 70; ++count) {
    for (size_t shown = 0; shown <= count; ++shown) {
      std::vector<float> mask(count, 0.0f);
      std::fill(mask.begin() + static_cast<ptrdiff_t>(shown), mask.end(), -kInfinity);
      test::on_every_tier([&](IsaSet isa) {
        const Weighed found = weighed(std::vector<float>(count, 3.0f), mask.data(), isa);
        ASSERT_GE(found.weights.seen, shown);
        ASSERT_LE(found.weights.seen, count);
        ASSERT_LT(found.weights.seen, shown + kScoreUnit);
        ASSERT_EQ(found.weights.total, static_cast<float>(shown));
        for (size_t i = 0; i < found.weights.seen; ++i) {
          ASSERT_EQ(found.scores[i], i < shown ? 1.0f : 0.0f);
        }
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Weighing, MakesNotANumberOfRowsWithAnInfiniteScoreOrNone) {
  for (const float special : {kInfinity, static_cast<float>(NAN)}) {
    for (size_t at = 0; at < 40; ++at) {
      std::vector<float> scores(40, -3.0f);
      scores[at] = special;
      test::on_every_tier([&](IsaSet isa) {
        ASSERT_TRUE(std::isnan(weighed(scores, nullptr, isa).weights.total)) << at;
      });
    }
  }
  std::vector<float> hidden(40, -kInfinity);
  hidden[30] = NAN;
  test::on_every_tier([&](IsaSet isa) {
    ASSERT_TRUE(std::isnan(weighed(hidden, nullptr, isa).weights.total));
  });
}

}  // namespace
}  // namespace octavo
