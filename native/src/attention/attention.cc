#include "attention/attention.h"

#include <algorithm>
#include <new>

#include "attention/weigh_kernels.h"
#include "base/aligned_memory.h"
#include "base/math.h"
#include "float_gemm/pack_float.h"
#include "float_gemm/row_product.h"
#include "float_gemm/task_grid.h"
#include "threading/failure.h"
#include "threading/parallel_for.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<WeighKernels> kTiers[] = {
#define OCTAVO_WEIGH_TIER(isa, tier) {isa, &weigh_##tier},
    OCTAVO_WIDE_TIERS(OCTAVO_WEIGH_TIER)
#undef OCTAVO_WEIGH_TIER
};

// Scores of a block of queries, where that is so few keys that they stay in the first-level cache
// from product to product.
constexpr size_t kBlockScores = 6144;
// Threads keep no more memory than this.
constexpr size_t kKeptBytes = size_t{4} << 20;

size_t whole_lines(size_t floats) {
  constexpr size_t kLine = kCacheLine / sizeof(float);
  return div_up(floats, kLine) * kLine;
}

// An odd number of units, each a cache line, so that the rows of a tile spread over the sets of a
// cache.
static_assert(kScoreUnit * sizeof(float) == kCacheLine);
size_t score_stride(size_t keys) { return (div_up(keys, kScoreUnit) | 1) * kScoreUnit; }

size_t block_rows(size_t keys) {
  const size_t rows = kBlockScores / score_stride(keys) / kRowUnit * kRowUnit;
  return std::clamp(rows, kRowUnit, kBlockRows);
}

// The queries of the heads that share keys and values, in blocks; parts of these blocks are tasks.
class Attention {
 public:
  Attention(const AttentionArgs& args, IsaSet available)
      : args_(args),
        kernel_(select_float_microkernel(OCTAVO_F32, available)),
        weighing_(select_tier(kTiers, available)),
        blocks_(args.queries, block_rows(args.keys), kRowUnit),
        stride_(score_stride(args.keys)),
        copies_(needs_copy({args.q, args.q_strides.row, 1}, args.queries, args.keys)) {
    const size_t tallest = std::min(args.queries, block_rows(args.keys));
    key_floats_ = whole_lines(padded_columns(kernel_, args.keys) * args.width);
    value_floats_ = whole_lines(padded_columns(kernel_, args.value_width) * args.keys);
    score_floats_ = tallest * stride_;
    copied_floats_ = copies_ ? copied_floats(tallest, args.width) : 0;
    divide_work();
  }

  void run() const {
    Failure failure;
    const size_t floats = all_floats();
    parallel_for(shared_heads() * parts_, threads_, [&](size_t task) {
      const TaskMemory memory(failure, floats * sizeof(float), kKeptBytes);
      if (memory.data() != nullptr) run_task(task, reinterpret_cast<float*>(memory.data()));
    });
    failure.rethrow();
  }

 private:
  size_t shared_heads() const { return args_.batch * args_.key_heads; }
  size_t blocks() const { return args_.group * blocks_.count(); }

  // Of a task. Throws std::bad_alloc.
  size_t all_floats() const {
    const CheckedSize floats =
        CheckedSize(key_floats_).plus(value_floats_).plus(score_floats_).plus(copied_floats_);
    if (!floats.times(sizeof(float)).fits()) throw std::bad_alloc();
    return floats.value();
  }

  // Each part packs the keys and values of its head anew: no more of them than threads need.
  void divide_work() {
    const size_t per_head = CheckedSize(args_.group).times(args_.queries).times(args_.keys).value();
    const size_t depth = args_.width + args_.value_width;
    if (CheckedSize(per_head).times(shared_heads()).times(depth).value() < TaskGrid::kParallelWork) return;
    threads_ = usable_threads();
    const size_t enough = threads_ * TaskGrid::kTasksPerThread;
    if (threads_ > 1) parts_ = std::min(blocks(), div_up(enough, shared_heads()));
  }

  void run_task(size_t task, float* memory) const {
    const size_t part = task % parts_, head = task / parts_ % args_.key_heads;
    const size_t image = task / parts_ / args_.key_heads;
    float* const keys = memory;
    float* const values = keys + key_floats_;
    pack(args_.k + image * args_.k_strides.image + head * args_.k_strides.head, args_.width,
         args_.keys, 1, args_.k_strides.row, keys);
    pack(args_.v + image * args_.v_strides.image + head * args_.v_strides.head, args_.keys,
         args_.value_width, args_.v_strides.row, 1, values);
    const size_t last = blocks() * (part + 1) / parts_;
    for (size_t block = blocks() * part / parts_; block < last; ++block) {
      const size_t query_head = head * args_.group + block / blocks_.count();
      const Range rows = blocks_.at(block % blocks_.count());
      attend_block({image, query_head, rows.first, rows.last - rows.first}, keys, values,
                   values + value_floats_);
    }
  }

  void pack(const float* matrix, size_t k, size_t n, size_t k_stride, size_t n_stride,
            float* panels) const {
    pack_float_panels({matrix, OCTAVO_F32, k, n, k_stride, n_stride, OCTAVO_COMPUTE_F32}, kernel_,
                      panels);
  }

  // Queries [first, first + count) of a head.
  struct Block {
    size_t image, head, first, count;
  };

  void attend_block(const Block& block, const float* keys, const float* values,
                    float* scores) const {
    multiply_by_keys(block, keys, scores);
    const size_t depth = weigh(block, scores);
    float* const out = args_.out + block.image * args_.out_strides.image +
                       block.head * args_.out_strides.head + block.first * args_.out_strides.row;
    multiply_rows({{scores, stride_, 1}, depth, false, {}, out, args_.out_strides.row},
                  {0, block.count}, {&kernel_, values, args_.keys, 0, args_.value_width}, nullptr);
  }

  // Keys that a query sees.
  size_t visible(size_t query) const {
    if (!args_.causal) return args_.keys;
    const ptrdiff_t limit = static_cast<ptrdiff_t>(query) + args_.offset + 1;
    return limit <= 0 ? 0 : std::min(args_.keys, static_cast<size_t>(limit));
  }

  void multiply_by_keys(const Block& block, const float* keys, float* scores) const {
    const float* const first = args_.q + block.image * args_.q_strides.image +
                               block.head * args_.q_strides.head +
                               block.first * args_.q_strides.row;
    // A panel is multiplied whole.
    const size_t panels = div_up(visible(block.first + block.count - 1), kernel_.nr);
    multiply_rows({{first, args_.q_strides.row, 1}, args_.width, false, {}, scores, stride_},
                  {0, block.count},
                  {&kernel_, keys, args_.width, 0, std::min(args_.keys, panels * kernel_.nr)},
                  copies_ ? scores + score_floats_ : nullptr);
  }

  // Makes weights of scores; gives how many of a row any query of the block has.
  size_t weigh(const Block& block, float* scores) const {
    size_t seen[kBlockRows], most = 0;
    const float* mask = args_.mask;
    const size_t* const strides = args_.mask_strides;
    if (mask != nullptr) mask += block.image * strides[0] + block.head * strides[1];
    for (size_t i = 0; i < block.count; ++i) {
      const size_t query = block.first + i;
      const float* const row_mask = mask == nullptr ? nullptr : mask + query * strides[2];
      seen[i] = weighing_.weigh(
          {scores + i * stride_, visible(query), args_.scale, row_mask, strides[3]});
      most = std::max(most, seen[i]);
    }
    for (size_t i = 0; i < block.count; ++i) {
      float* const row = scores + i * stride_;
      std::fill(row + seen[i], row + most, 0.0f);
    }
    return most;
  }

  const AttentionArgs& args_;
  const FloatMicrokernel& kernel_;
  const WeighKernels& weighing_;
  RowBlocks blocks_;
  size_t stride_;
  bool copies_;
  size_t key_floats_, value_floats_, score_floats_, copied_floats_;
  size_t parts_ = 1;
  uint32_t threads_ = 1;
};

}  // namespace

void attend(const AttentionArgs& args, IsaSet available) {
  if (args.batch == 0 || args.key_heads == 0 || args.group == 0) return;
  if (args.queries == 0 || args.value_width == 0) return;
  Attention(args, available).run();
}

}  // namespace octavo
