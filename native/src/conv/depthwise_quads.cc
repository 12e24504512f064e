#include "conv/depthwise_quads.h"

#include <algorithm>

#include "base/math.h"
#include "conv/depthwise_3x3.h"
#include "conv/depthwise_band.h"
#include "conv/depthwise_quad_block.h"
#include "conv/depthwise_quad_layout.h"
#include "epilogue/epilogue_panel.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

struct NamedKernels {
  IsaSet isa;
  const DepthwiseQuadKernels* kernels;
};

constexpr NamedKernels kTable[] = {
#define OCTAVO_DEPTHWISE_QUADS(isa, name) {isa, &name},
#include "conv/depthwise_quads_kernels.inc"
#undef OCTAVO_DEPTHWISE_QUADS
    {isa::scalar, nullptr},
};

// Vectors of outputs that a task computes at least: some microseconds.
constexpr size_t kVectorsPerTask = 512;
constexpr size_t kMostRowsPerTask = 16;

// How the work is cut: rows of outputs of an image, by blocks of channels.
struct Tasks {
  size_t rows, row_ranges;
  size_t blocks, block_ranges;

  Tasks(const ConvShape& shape, const std::vector<ChannelBlock>& all) {
    const size_t height = shape.out_height;
    rows = div_up(height, div_up(height, kMostRowsPerTask));
    row_ranges = div_up(height, rows);
    const size_t vectors = std::max<size_t>(1, rows * shape.out_width);
    const size_t enough = std::min(all.size(), div_up(kVectorsPerTask, vectors));
    blocks = div_up(all.size(), div_up(all.size(), enough));
    block_ranges = div_up(all.size(), blocks);
  }
};

}  // namespace

const DepthwiseQuadKernels* select_depthwise_quads(IsaSet available) {
  const NamedKernels* candidate = kTable;
  while (!available.contains(candidate->isa)) ++candidate;
  return candidate->kernels;
}

bool depthwise_quads_fit(const octavo_conv2d_args& args, const ConvShape& shape) {
  if (epilogue_kind(args.epilogue.output) != EpilogueKind::q8) return false;
  const QuadKernel kernel{shape.kernel.kernel_h, shape.kernel.kernel_w};
  const size_t last = kernel.columns(kernel.planes() - 1);
  const size_t most = kBandVectors;
  return kernel.quads() <= kDepthwiseMaxQuads && kernel.height <= most / shape.dilation_h &&
         kernel.width <= most / shape.dilation_w &&
         (last == 1 || kernel.width <= last || last * shape.dilation_w % shape.stride_w == 0) &&
         Strip(shape, {0, kDepthwiseVector, kDepthwiseVector}).outputs != 0;
}

void depthwise_quads(const octavo_conv2d_args& args, const ConvShape& shape,
                     const PackedDepthwiseQuads& weights, const DepthwiseQuadKernels& kernels) {
  const std::vector<ChannelBlock> blocks = channel_blocks(shape.kernel.out_channels);
  const Tasks tasks(shape, blocks);
  const Depthwise3x3 in_place(args, shape, weights, kernels);
  const size_t count = args.batch * tasks.row_ranges * tasks.block_ranges;
  parallel_for(count, 0, [&](size_t task) {
    const size_t image = task / (tasks.row_ranges * tasks.block_ranges);
    const size_t y = task / tasks.block_ranges % tasks.row_ranges * tasks.rows;
    const size_t first = task % tasks.block_ranges * tasks.blocks;
    for (size_t i = first; i < std::min(blocks.size(), first + tasks.blocks); ++i) {
      const size_t rows = std::min(tasks.rows, shape.out_height - y);
      if (in_place.applies(blocks[i])) {
        in_place.run(i, blocks[i], image, y, rows);
      } else {
        DepthwiseQuadBlock(args, shape, weights, i, blocks[i], kernels).run(image, y, rows);
      }
    }
  });
}

}  // namespace octavo
