// One task of a float convolution: a rectangle of outputs of one image, some channels of one group.
#ifndef OCTAVO_SRC_FLOAT_CONV_CONV_TASK_H_
#define OCTAVO_SRC_FLOAT_CONV_CONV_TASK_H_

#include "float_conv/float_conv2d.h"
#include "float_conv/input_window.h"
#include "float_gemm/row_block.h"
#include "float_gemm/task_grid.h"
#include "threading/failure.h"

namespace octavo {

// Cuts a convolution into tasks of at most kBlockRows output pixels.
class ConvTasks {
 public:
  ConvTasks(const octavo_float_conv2d_args& args, const PackedFloatConv2d& weights,
            size_t out_height, size_t out_width);

  size_t count() const;
  void run(size_t task, Failure& failure) const;

 private:
  struct Rectangle {
    size_t image, group;
    Range rows, columns;  // of outputs
    Range channels;       // of the group's outputs
    size_t pixels() const { return (rows.last - rows.first) * (columns.last - columns.first); }
  };
  // How the rows of the product are read: from `data`, pixels `row_step` and `column_step` apart.
  struct Source {
    const float* data;
    size_t row_step, column_step;
    size_t run_count, depth;
  };

  Rectangle rectangle(size_t task) const;
  Source source(const Rectangle& part, float* window, size_t* runs) const;
  void multiply_group(const Rectangle& part, const RowBlock& block) const;
  void multiply(const Rectangle& part, const Source& source, const size_t* runs,
                float* turned) const;
  size_t window_floats() const;

  const octavo_float_conv2d_args& args_;
  const PackedFloatConv2d& weights_;
  size_t out_height_, out_width_;
  size_t block_rows_, block_columns_;  // at most
  RowBlocks row_blocks_{0, 1, 1};
  size_t column_blocks_;
  size_t channel_step_, channel_blocks_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_CONV_TASK_H_
