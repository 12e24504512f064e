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

  // Whatever the weights are.
  void expect_between(size_t image, size_t head, size_t query,
                      const std::vector<float>& found) const {
    for (size_t i = 0; i < value_width; ++i) {
      ASSERT_LE(std::fabs(found[at(out_strides(), image, head, query) + i]), 1.0f + 1e-5f);
    }
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
    if (most <= -1e8 && most > -HUGE_VAL) return expect_between(image, head, query, found);
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
  std::vector<float> weights;
  size_t seen;
};

Weighed weighed(std::vector<float> scores, const float* mask, IsaSet isa) {
  const size_t count = scores.size();
  scores.resize((count + kScoreUnit - 1) / kScoreUnit * kScoreUnit, 7.0f);
  const size_t seen = kernels_of(isa).weigh({scores.data(), count, 0.5f, mask, 1});
  return {scores, seen};
}

// Scores reach far below those whose weight is no normal number.
TEST(Weighing, StaysWithinAFewRoundingsOfFloat64) {
  FloatSamples samples(237);
  for (size_t count = 1; count <= 200; ++count) {
    std::vector<float> scores = samples.floats(count, count % 2 == 0 ? -700 : -180, 0);
    scores[count / 2] = 0;
    test::on_every_tier([&](IsaSet isa) {
      const Weighed found = weighed(scores, nullptr, isa);
      double total = 0;
      for (const float score : scores) total += std::exp(score * 0.5);
      for (size_t i = 0; i < count; ++i) {
        const double distance = scores[i] * 0.5, expected = std::exp(distance) / total;
        if (distance < -87) {
          const float weight = i < found.seen ? found.weights[i] : 0.0f;
          ASSERT_EQ(weight, 0.0f) << distance;
          continue;
        }
        ASSERT_NE(std::fpclassify(found.weights[i]), FP_SUBNORMAL) << distance;
        ASSERT_LT(i, found.seen);
        ASSERT_NEAR(found.weights[i], expected,
                    (static_cast<double>(count) + 12 - distance) * kEpsilon * expected + 2.4e-38)
            << distance;
      }
    });
    if (HasFatalFailure()) return;
  }
}

TEST(Weighing, LeavesOutTheEndThatIsHidden) {
  for (const float hidden : {-1e9f, std::numeric_limits<float>::lowest(), -kInfinity}) {
    for (size_t count = 1; count <= 70; ++count) {
      for (size_t shown = 1; shown <= count; ++shown) {
        std::vector<float> mask(count, 0.0f);
        std::fill(mask.begin() + static_cast<ptrdiff_t>(shown), mask.end(), hidden);
        test::on_every_tier([&](IsaSet isa) {
          const Weighed found = weighed(std::vector<float>(count, 3.0f), mask.data(), isa);
          const size_t whole = (shown + kScoreUnit - 1) / kScoreUnit * kScoreUnit;
          ASSERT_EQ(found.seen, std::min(count, whole));
          for (size_t i = 0; i < found.seen; ++i) {
            const double weight = i < shown ? 1.0 / static_cast<double>(shown) : 0.0;
            ASSERT_NEAR(found.weights[i], weight, 4 * kEpsilon * weight);
          }
        });
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Weighing, GivesNothingWhereAllIsHidden) {
  for (size_t count : {0, 1, 15, 16, 40}) {
    test::on_every_tier([&](IsaSet isa) {
      ASSERT_EQ(weighed(std::vector<float>(count, -kInfinity), nullptr, isa).seen, 0u);
    });
  }
}

// The rows around one with a score of +infinity, or of NaN, stay as they are.
TEST(Attention, MakesNotANumberOfRowsThatHaveOneOrAnInfiniteScore) {
  FloatSamples samples(238);
  Sample sample(samples, 1, 1);
  sample.queries = 30;
  sample.keys = 40;
  sample.causal = false;
  sample.masking = Masking::full;
  sample.q = samples.floats(sample.batch * sample.heads() * sample.queries * sample.width);
  sample.k = samples.floats(sample.batch * sample.key_heads * sample.keys * sample.width);
  sample.v = samples.floats(sample.batch * sample.key_heads * sample.keys * sample.value_width);
  for (const float special : {kInfinity, static_cast<float>(NAN)}) {
    for (const float others : {0.0f, -kInfinity}) {
      for (size_t key = 0; key < sample.keys; ++key) {
        sample.mask.assign(sample.batch * sample.queries * sample.keys, 0.0f);
        float* const row = &sample.mask[17 * sample.keys];  // of the first image
        std::fill(row, row + sample.keys, others);
        row[key] = special;
        test::on_every_tier([&](IsaSet isa) {
          const std::vector<float> out = sample.run(isa);
          const HeadStrides by = sample.out_strides();
          for (size_t head = 0; head < sample.heads(); ++head) {
            for (size_t query = 0; query < sample.queries; ++query) {
              const float found = out[head * by.head + query * by.row];
              ASSERT_EQ(std::isnan(found), query == 17) << query;
            }
          }
        });
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Attention, GivesFiniteResultsForTheLargestValues) {
  FloatSamples samples(239);
  Sample sample(samples, 1, 1);
  sample.causal = false;
  sample.masking = Masking::none;
  sample.keys = 37;
  sample.k = samples.floats(sample.batch * sample.key_heads * sample.keys * sample.width);
  sample.v.assign(sample.batch * sample.key_heads * sample.keys * sample.value_width, 3e38f);
  test::on_every_tier([&](IsaSet isa) {
    for (const float found : sample.run(isa)) ASSERT_NEAR(found, 3e38f, 1e-5 * 3e38f);
  });
}

// Operands of one element, each with whatever words.
OpProgram op_of(const std::vector<size_t>& sizes, size_t mask_step,
                const std::vector<size_t>& strides) {
  const std::vector<float> room(4096, 1.0f);
  OpProgram op("attention");
  op.input(room).input(room).input(room).input(room).output(room);
  for (const size_t size : sizes) op.words({size});
  op.number(1.0f).words({0, 0, 0, 0, 0, mask_step});
  for (const size_t stride : strides) op.words({stride});
  return op;
}

TEST(AttentionOp, RefusesStridesThatAreNone) {
  // Batch, key heads, group, queries, keys, width of keys and of values.
  const std::vector<size_t> sizes = {2, 2, 1, 3, 5, 4, 4};
  const std::vector<size_t> strides = {24, 12, 4, 40, 20, 4, 40, 20, 4, 24, 12, 4};
  EXPECT_NO_THROW(op_of(sizes, 1, strides).run<float>());
  EXPECT_THROW(op_of(sizes, 2, strides).run<float>(), InvalidArgument);
  struct Change {
    size_t at, stride;
  };
  const Change changes[] = {{5, 0}, {5, 3}, {8, 0}, {8, 3}, {9, 0}, {10, 0}, {10, 8}, {11, 3}};
  for (const auto& [at, stride] : changes) {
    std::vector<size_t> changed = strides;
    changed[at] = stride;
    EXPECT_THROW(op_of(sizes, 1, changed).run<float>(), InvalidArgument) << at << ": " << stride;
  }
}

TEST(AttentionOp, RefusesAnOutputOverAnOperand) {
  const std::vector<float> room(64, 1.0f);
  for (size_t same = 0; same <= 4; ++same) {
    OpProgram op("attention");
    for (size_t i = 0; i < 4; ++i) {
      if (i == same) {
        op.same_as_output();
      } else {
        op.input(room);
      }
    }
    op.output(room).words({1, 1, 1, 2, 2, 2, 2}).number(1.0f).words({0, 0, 0, 0, 2, 1});
    for (size_t i = 0; i < 4; ++i) op.words({4, 4, 2});
    if (same == 4) {
      EXPECT_NO_THROW(op.run<float>());
    } else {
      EXPECT_THROW(op.run<float>(), InvalidArgument) << same;
    }
  }
}

TEST(AttentionOp, TakesSizesOfZero) {
  for (size_t zero = 0; zero < 7; ++zero) {
    std::vector<size_t> sizes = {2, 2, 1, 3, 5, 4, 4};
    sizes[zero] = 0;
    const std::vector<size_t> strides = {24, 12, 4, 40, 20, 4, 40, 20, 4, 24, 12, 4};
    const std::vector<float> found = op_of(sizes, 1, strides).run<float>();
    // All ones weigh the same without a width; nothing is seen where there are no keys.
    const float expected = zero == 4 ? 0.0f : 1.0f;
    for (size_t i = 0; i < 48; ++i) EXPECT_EQ(found[i], expected) << zero;
  }
}

}  // namespace
}  // namespace octavo
