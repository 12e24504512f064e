#include "conv/depthwise_quad_block.h"

namespace octavo {

DepthwiseQuadBlock::DepthwiseQuadBlock(const octavo_conv2d_args& args, const ConvShape& shape,
                                       const PackedDepthwiseQuads& weights, size_t index,
                                       const ChannelBlock& block,
                                       const DepthwiseQuadKernels& kernels)
    : args_(args),
      shape_(shape),
      kernels_(kernels),
      block_(block),
      strip_(shape, block),
      band_(args, shape, block_, strip_, kernels),
      kernel_{shape.kernel.kernel_h, shape.kernel.kernel_w},
      shares_columns_(weights.variants == 2 && shape.stride_h == 1 && shape.dilation_h == 1),
      variant_bytes_(weights.quads * kDepthwiseQuadColumn),
      weights_(weights.block(index)),
      lanes_(args, block_, weights.sums) {
  set_offsets();
}

void DepthwiseQuadBlock::run(size_t image, size_t y, size_t rows) {
  for (size_t x = 0; x < shape_.out_width; x += strip_.outputs * block_.pixels()) {
    band_.start(image, y * shape_.stride_h, x);
    run_strip(image, y, y + rows, x);
  }
}

void DepthwiseQuadBlock::set_offsets() {
  size_t quad = 0;
  for (size_t plane = 0; plane < kernel_.planes(); ++plane) {
    for (size_t kw = 0; kw < kernel_.width; kw += kernel_.columns(plane)) {
      const size_t vectors = plane * strip_.vectors() + strip_.offset(shape_, kw);
      offsets_[quad++] = static_cast<uint32_t>(vectors * kDepthwiseQuadColumn);
    }
  }
  run_.values = columns_;
  run_.offsets = offsets_;
  run_.quads = quad;
  run_.lanes = lanes_.lanes();
  run_.count = strip_.outputs;
}

void DepthwiseQuadBlock::run_strip(size_t image, size_t y, size_t end, size_t x) {
  const size_t window = (kernel_.height - 1) * shape_.dilation_h + 1;
  while (y < end) {
    const size_t rows = shares_columns_ && y + 1 < end ? 2 : 1;
    const size_t top = y * shape_.stride_h, bottom = top + window + rows - 1;
    band_.load_until(bottom);
    interleave(top, bottom);
    for (size_t i = 0; i < rows; ++i, ++y) {
      run_.weights = weights_ + i * variant_bytes_;
      finish((image * shape_.out_height + y) * shape_.out_width, x);
    }
  }
}

void DepthwiseQuadBlock::interleave(size_t top, size_t bottom) {
  for (size_t plane = 0; plane < kernel_.planes(); ++plane) {
    const size_t rows = kernel_.rows(plane);
    DepthwiseQuadRows quads{{}, strip_.vectors(), sign_flip(args_.input_type), columns_};
    quads.out += plane * strip_.vectors() * kDepthwiseQuadColumn;
    for (size_t i = 0; i < 4; ++i) {
      const size_t y = top + (4 * plane + i % rows) * shape_.dilation_h;
      quads.rows[i] = band_.row(std::min(y, bottom - 1)) +
                      strip_.offset(shape_, i / rows) * kDepthwiseVector;
    }
    kernels_.interleave(quads);
  }
}

void DepthwiseQuadBlock::finish(size_t row, size_t x) {
  const size_t channels = shape_.kernel.out_channels;
  uint8_t* out = static_cast<uint8_t*>(args_.out) + block_.start;
  if (block_.count == kDepthwiseVector) {
    run_.count = std::min(strip_.outputs, shape_.out_width - x);
    run_.out = out + (row + x) * channels;
    run_.out_stride = channels;
    return kernels_.run(run_);
  }
  run_.out = outputs_;
  run_.out_stride = kDepthwiseVector;
  kernels_.run(run_);
  for (size_t part = 0; part < block_.pixels() && x < shape_.out_width; ++part) {
    const size_t count = std::min(strip_.outputs, shape_.out_width - x);
    kernels_.copy({block_.count, count, outputs_ + part * block_.width, kDepthwiseVector,
                   out + (row + x) * channels, channels});
    x += count;
  }
}

}  // namespace octavo
