#include "float_conv/conv_task.h"

#include <algorithm>

#include "base/math.h"
#include "conv/transpose.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

constexpr size_t kTasksPerThread = 8;
// Pixels of a task that repay the copy of the lines around them. No fewer rows of a tile than three
// come of it: those of one or two are summed in another order. So are those of runs of another
// depth, which ConvTasks::source therefore keeps the same for every rectangle.
constexpr size_t kFewestPixels = 32;
// Weights that each thread may as well read whole: they stay in its second-level cache.
constexpr size_t kNearWeights = size_t{1} << 16;

Range part_of(size_t index, size_t step, size_t size) {
  return {index * step, std::min(size, (index + 1) * step)};
}

}  // namespace

ConvTasks::ConvTasks(const octavo_float_conv2d_args& args, const PackedFloatConv2d& weights,
                     size_t out_height, size_t out_width)
    : args_(args), weights_(weights), out_height_(out_height), out_width_(out_width) {
  column_blocks_ = div_up(out_width, kBlockRows);
  block_columns_ = div_up(out_width, column_blocks_);
  const size_t threads = usable_threads(args.threads);
  const size_t wanted = threads <= 1 ? 1 : threads * kTasksPerThread;
  const size_t others = args.batch * weights.groups * column_blocks_;
  const size_t columns = weights.group_out_channels();
  block_rows_ = std::min(std::max<size_t>(1, kBlockRows / block_columns_), out_height);
  if (column_blocks_ > 1) block_rows_ = 1;
  if (weights.weights[0].k * columns <= kNearWeights) {
    const size_t fewest = std::min(block_rows_, div_up(kFewestPixels, block_columns_));
    block_rows_ = std::clamp(out_height / div_up(wanted, others), fewest, block_rows_);
  }
  row_blocks_ = {out_height, block_rows_, 1};
  const size_t nr = weights.weights[0].kernel->nr;
  const size_t panels = div_up(columns, nr);
  const size_t groups = div_up(wanted, others * row_blocks_.count());
  channel_step_ = div_up(panels, std::min(groups, panels)) * nr;
  channel_blocks_ = div_up(columns, channel_step_);
}

size_t ConvTasks::count() const {
  return args_.batch * weights_.groups * row_blocks_.count() * column_blocks_ * channel_blocks_;
}

ConvTasks::Rectangle ConvTasks::rectangle(size_t task) const {
  Rectangle part;
  part.channels = part_of(task % channel_blocks_, channel_step_, weights_.group_out_channels());
  task /= channel_blocks_;
  part.columns = part_of(task % column_blocks_, block_columns_, out_width_);
  task /= column_blocks_;
  part.rows = row_blocks_.at(task % row_blocks_.count());
  task /= row_blocks_.count();
  part.group = task % weights_.groups;
  part.image = task / weights_.groups;
  return part;
}

size_t ConvTasks::window_floats() const {
  const size_t rows =
      window_axis(0, block_rows_, args_.stride_h, 0, weights_.kernel_h, args_.dilation_h).size;
  const size_t columns =
      window_axis(0, block_columns_, args_.stride_w, 0, weights_.kernel_w, args_.dilation_w).size;
  return rows * columns * weights_.group_channels;
}

// Reads the image where it is if it has its channels together and the rectangle needs no padding,
// unless a copy joins pixels that other groups hold apart there: which rectangles need padding
// depends on threads, and the depth of runs, which decides the order of sums, must not.
ConvTasks::Source ConvTasks::source(const Rectangle& part, float* window, size_t* runs) const {
  const WindowAxis rows =
      window_axis(part.rows.first, part.rows.last - part.rows.first, args_.stride_h, args_.pad_top,
                  weights_.kernel_h, args_.dilation_h);
  const WindowAxis columns =
      window_axis(part.columns.first, part.columns.last - part.columns.first, args_.stride_w,
                  args_.pad_left, weights_.kernel_w, args_.dilation_w);
  const bool nchw = args_.input_layout == OCTAVO_NCHW;
  const size_t channels = weights_.group_channels, all_channels = weights_.in_channels();
  const size_t first_channel = part.group * channels;
  const size_t image = part.image * args_.height * args_.width * all_channels;
  const size_t offset = nchw ? first_channel * args_.height * args_.width : first_channel;
  const ImageSlice slice{args_.input + image + offset,
                         args_.input_layout,
                         args_.height,
                         args_.width,
                         channels,
                         all_channels};
  const bool inside = rows.padding_before() + rows.padding_after(args_.height) +
                          columns.padding_before() + columns.padding_after(args_.width) ==
                      0;
  const bool joined = args_.dilation_w == 1;
  const bool splits = joined && channels != all_channels && weights_.kernel_w != 1;
  const bool direct = inside && !nchw && !splits;
  if (!direct) copy_window(slice, rows, columns, window);

  const size_t pixel = direct ? all_channels : channels;
  const size_t line = (direct ? args_.width : columns.size) * pixel;
  const size_t corner =
      static_cast<size_t>(rows.begin) * line + static_cast<size_t>(columns.begin) * pixel;
  const size_t runs_a_row = joined ? 1 : weights_.kernel_w;
  size_t count = 0;
  for (size_t row = 0; row < weights_.kernel_h; ++row) {
    for (size_t column = 0; column < runs_a_row; ++column) {
      runs[count++] = row * args_.dilation_h * line + column * args_.dilation_w * pixel;
    }
  }
  return {direct ? slice.data + corner : window, args_.stride_h * line, args_.stride_w * pixel,
          count, joined ? weights_.kernel_w * channels : channels};
}

void ConvTasks::multiply_group(const Rectangle& part, const RowBlock& block) const {
  const PackedFloat& weights = weights_.weights[part.group];
  if (weights_.few_outputs.applies(block.depth)) {
    const size_t columns = weights_.group_out_channels();
    return multiply_few(block, weights_.few_outputs.run,
                        weights_.few_outputs.values.data() + part.group * columns * weights.k,
                        columns);
  }
  multiply_block(block, {weights.kernel, weights.panels.data(), weights.k, part.channels.first,
                         part.channels.last});
}

void ConvTasks::multiply(const Rectangle& part, const Source& source, const size_t* runs,
                         float* turned) const {
  const float* pointers[kBlockRows];
  size_t pixels = 0;
  for (size_t row = 0; row < part.rows.last - part.rows.first; ++row) {
    for (size_t column = 0; column < part.columns.last - part.columns.first; ++column) {
      pointers[pixels++] = source.data + row * source.row_step + column * source.column_step;
    }
  }
  const size_t first_channel = part.group * weights_.group_out_channels();
  const size_t pixel = part.rows.first * out_width_ + part.columns.first;
  const size_t plane = out_height_ * out_width_;
  RowBlock block{pointers,         source.column_step, pixels,         runs,
                 source.run_count, source.depth,       args_.epilogue, nullptr, 0};
  if (block.epilogue.bias != nullptr) block.epilogue.bias += first_channel;
  if (turned == nullptr) {
    const size_t out = (part.image * plane + pixel) * weights_.out_channels + first_channel;
    block.out = args_.out + out;
    block.out_stride = weights_.out_channels;
    block.epilogue.residual_stride = weights_.out_channels;
    if (block.epilogue.residual != nullptr) block.epilogue.residual += out;
    return multiply_group(part, block);
  }
  const size_t channels = part.channels.last - part.channels.first;
  const size_t out =
      (part.image * weights_.out_channels + first_channel + part.channels.first) * plane + pixel;
  block.out = turned - part.channels.first;
  block.out_stride = channels;
  block.epilogue.residual_stride = channels;
  if (block.epilogue.residual != nullptr) {
    transpose(block.epilogue.residual + out, channels, pixels, plane, turned, channels,
              sizeof(float));
    block.epilogue.residual = block.out;
  }
  multiply_group(part, block);
  transpose(turned, pixels, channels, channels, args_.out + out, plane, sizeof(float));
}

void ConvTasks::run(size_t task, Failure& failure) const {
  const bool turn = args_.output_layout == OCTAVO_NCHW;
  const size_t window = window_floats();
  const size_t turned = turn ? block_rows_ * block_columns_ * channel_step_ : 0;
  const size_t taps = weights_.kernel_h * weights_.kernel_w;
  constexpr size_t kFloatsPerSize = sizeof(size_t) / sizeof(float);
  float* memory = failure.scratch(taps * kFloatsPerSize + window + turned);
  if (memory == nullptr) return;
  size_t* runs = reinterpret_cast<size_t*>(memory);
  float* floats = memory + taps * kFloatsPerSize;
  const Rectangle part = rectangle(task);
  multiply(part, source(part, floats, runs), runs, turn ? floats + window : nullptr);
}

}  // namespace octavo
