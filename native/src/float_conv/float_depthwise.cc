#include "float_conv/float_depthwise.h"

#include <algorithm>

#include "float_conv/weight_at.h"
#include "float_gemm/task_grid.h"
#include "threading/failure.h"
#include "threading/parallel_ranges.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<FloatDepthwiseKernels> kTiers[] = {
#define OCTAVO_FLOAT_DEPTHWISE_TIER(isa, tier) {isa, &float_depthwise_##tier},
#ifdef OCTAVO_X86
    OCTAVO_FLOAT_DEPTHWISE_TIER(isa::avx512, x86_avx512)
#endif
        OCTAVO_TIERS(OCTAVO_FLOAT_DEPTHWISE_TIER)
#undef OCTAVO_FLOAT_DEPTHWISE_TIER
};

// Taps [first, last) of one axis that lie within an image of `size` when its first one is at
// `origin`.
Range taps_within(ptrdiff_t origin, size_t dilation, size_t kernel, size_t size) {
  const ptrdiff_t step = static_cast<ptrdiff_t>(dilation);
  const ptrdiff_t count = static_cast<ptrdiff_t>(kernel);
  const ptrdiff_t before = origin >= 0 ? 0 : (-origin + step - 1) / step;
  const ptrdiff_t room = static_cast<ptrdiff_t>(size) - origin;
  const ptrdiff_t end = room <= 0 ? 0 : (room + step - 1) / step;
  const ptrdiff_t first = std::min(before, count);
  return {static_cast<size_t>(first), static_cast<size_t>(std::max(first, std::min(end, count)))};
}

// Outputs of one axis whose taps all lie within an image of `size`.
Range outputs_within(size_t outputs, size_t stride, size_t pad, size_t dilation, size_t kernel,
                     size_t size) {
  const size_t first = min_size(div_up(pad, stride), outputs);
  const size_t reach = (kernel - 1) * dilation + 1;
  const size_t last = size + pad < reach ? 0 : (size + pad - reach) / stride + 1;
  return {first, std::max(first, min_size(last, outputs))};
}

// Rows of outputs, in spans whose outputs have the same taps: those within the image together,
// others one by one.
class RowTask {
 public:
  RowTask(const octavo_float_conv2d_args& args, const DepthwiseShape& shape,
          const DepthwiseWeights& weights, DepthwiseTap* taps)
      : args_(args),
        shape_(shape),
        weights_(weights),
        taps_(taps),
        inside_(outputs_within(shape.out_width, args.stride_w, args.pad_left, args.dilation_w,
                               shape.kernel_w, args.width)) {
    span_.taps = taps;
    span_.step = args.stride_w * shape.channels;
    span_.channels = shape.channels;
    span_.bias = args.epilogue.bias;
    span_.activation = args.epilogue.activation;
    span_.alpha = args.epilogue.alpha;
    span_.beta = args.epilogue.beta;
  }

  void run(size_t image, size_t row) {
    const ptrdiff_t top = origin(row, args_.stride_h, args_.pad_top);
    const Range rows = taps_within(top, args_.dilation_h, shape_.kernel_h, args_.height);
    for (size_t x = 0; x < inside_.first; ++x) run_span(image, row, {x, x + 1}, rows);
    if (inside_.first != inside_.last) run_span(image, row, inside_, rows);
    for (size_t x = inside_.last; x < shape_.out_width; ++x) run_span(image, row, {x, x + 1}, rows);
  }

 private:
  static ptrdiff_t origin(size_t position, size_t stride, size_t pad) {
    return static_cast<ptrdiff_t>(position * stride) - static_cast<ptrdiff_t>(pad);
  }

  void run_span(size_t image, size_t row, const Range& pixels, const Range& rows) {
    const ptrdiff_t width = static_cast<ptrdiff_t>(args_.width);
    const ptrdiff_t channels = static_cast<ptrdiff_t>(shape_.channels);
    const ptrdiff_t top = origin(row, args_.stride_h, args_.pad_top);
    const ptrdiff_t left = origin(pixels.first, args_.stride_w, args_.pad_left);
    const Range columns = taps_within(left, args_.dilation_w, shape_.kernel_w, args_.width);
    span_.tap_count = 0;
    for (size_t ky = rows.first; ky < rows.last; ++ky) {
      const ptrdiff_t y = top + static_cast<ptrdiff_t>(ky * args_.dilation_h);
      for (size_t kx = columns.first; kx < columns.last; ++kx) {
        const ptrdiff_t x = left + static_cast<ptrdiff_t>(kx * args_.dilation_w);
        taps_[span_.tap_count++] = {
            (y * width + x) * channels,
            weights_.values.data() + (ky * shape_.kernel_w + kx) * shape_.channels};
      }
    }
    span_.in = args_.input + image * args_.height * args_.width * shape_.channels;
    span_.pixels = pixels.last - pixels.first;
    const size_t out =
        ((image * shape_.out_height + row) * shape_.out_width + pixels.first) * shape_.channels;
    span_.out = args_.out + out;
    span_.residual = args_.epilogue.residual == nullptr ? nullptr : args_.epilogue.residual + out;
    weights_.run(span_);
  }

  const octavo_float_conv2d_args& args_;
  const DepthwiseShape& shape_;
  const DepthwiseWeights& weights_;
  DepthwiseTap* taps_;
  Range inside_;
  DepthwiseSpan span_{};
};

}  // namespace

bool is_depthwise(const octavo_float_conv2d_weights& weights) {
  return weights.group_channels == 1 && weights.out_channels == weights.groups;
}

DepthwiseWeights pack_float_depthwise(const octavo_float_conv2d_weights& weights,
                                      IsaSet available) {
  const size_t taps = weights.kernel_h * weights.kernel_w;
  DepthwiseWeights packed{select_tier(kTiers, available).run,
                          AlignedBuffer<float>(taps * weights.groups)};
  float* to = packed.values.data();
  for (size_t tap = 0; tap < taps; ++tap) {
    for (size_t channel = 0; channel < weights.groups; ++channel) {
      *to++ = weight_at(weights, channel * taps + tap);
    }
  }
  return packed;
}

void float_depthwise(const octavo_float_conv2d_args& args, const DepthwiseShape& shape,
                     const DepthwiseWeights& weights) {
  const size_t taps = shape.kernel_h * shape.kernel_w;
  const size_t row_work = CheckedSize(shape.out_width).times(shape.channels).times(taps).value();
  const size_t rows = args.batch * shape.out_height;
  const size_t rows_a_task = div_up(2 * kElementsPerTask, row_work);
  Failure failure;
  parallel_for(div_up(rows, rows_a_task), args.threads, [&](size_t index) {
    constexpr size_t kFloatsPerTap = sizeof(DepthwiseTap) / sizeof(float);
    float* memory = failure.scratch(taps * kFloatsPerTap);
    if (memory == nullptr) return;
    RowTask task(args, shape, weights, reinterpret_cast<DepthwiseTap*>(memory));
    const size_t last = min_size(rows, (index + 1) * rows_a_task);
    for (size_t row = index * rows_a_task; row < last; ++row) {
      task.run(row / shape.out_height, row % shape.out_height);
    }
  });
  failure.rethrow();
}

}  // namespace octavo
