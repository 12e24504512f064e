// A left-hand side in the integers that block microkernels read: each block of each row on its own
// symmetric int8 grid.
#ifndef OCTAVO_SRC_BLOCK_GEMM_QUANTIZED_ROWS_H_
#define OCTAVO_SRC_BLOCK_GEMM_QUANTIZED_ROWS_H_

#include <cstddef>
#include <cstdint>

#include "block_gemm/block_kernels.h"
#include "block_gemm/pack_blocks.h"
#include "cpu/isa.h"

namespace octavo {

// Whether microkernels read offsets.
enum class Offsets { kNone, kRead };

// Lives in the calling thread's scratch memory: one at a time.
class QuantizedRows {
 public:
  // Memory for all rows, `type` and order as in block_microkernels.inc; OCTAVO_U8 is int8 plus 128.
  // `args` and `rhs` are read until rows are quantized. Throws std::bad_alloc.
  QuantizedRows(const octavo_block_matmul_args& args, const PackedBlocks& rhs, octavo_type type,
                Offsets offsets, IsaSet available);

  void quantize_all() const;
  // `found`: as RowQuantization has it.
  void quantize(size_t first, size_t count,
                const int32_t (*found)[kBlockColumns] = nullptr) const;

  size_t stride() const { return stride_; }  // in bytes
  const uint8_t* values(size_t row) const { return values_ + row * stride_; }
  const float* scales(size_t row) const { return scales_ + row * rhs_.shape.blocks; }
  const int32_t* offsets(size_t row) const { return offsets_ + row * rhs_.shape.blocks; }

 private:
  const octavo_block_matmul_args& args_;
  const PackedBlocks& rhs_;
  QuantizeBlocksFn quantize_;
  octavo_type type_;
  size_t stride_;
  uint8_t* values_;
  float* scales_;
  int32_t* offsets_ = nullptr;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_QUANTIZED_ROWS_H_
