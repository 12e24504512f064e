// Softmax and normalizations of float tensors.
#ifndef OCTAVO_SRC_NORMALIZE_NORMALIZE_H_
#define OCTAVO_SRC_NORMALIZE_NORMALIZE_H_

#include <cstddef>

#include "cpu/isa.h"

namespace octavo {

// Each of `rows` rows of `columns` elements; `out` may be `in`. The row's maximum is taken off
// first, so that finite inputs give finite results.
void softmax(const float* in, size_t rows, size_t columns, float* out,
             IsaSet available = active_isa());
void log_softmax(const float* in, size_t rows, size_t columns, float* out,
                 IsaSet available = active_isa());

// y = (x - mean) / sqrt(variance + epsilon) * scale + bias over each row. `out` may be `in`.
struct RowNormalization {
  const float* in;
  size_t rows;
  size_t columns;
  const float* scale;  // `columns` values, or null for 1
  const float* bias;   // `columns` values, or null for 0
  float epsilon;
  float* out;
};
void layer_norm(const RowNormalization& args, IsaSet available = active_isa());
// The same with no mean taken off: y = x / sqrt(mean of x^2 + epsilon) * scale + bias.
void rms_norm(const RowNormalization& args, IsaSet available = active_isa());

// [batch][channels][columns], each channel of each image by itself; `scale` and `bias` have one
// value a channel. `out` may be `in`.
void instance_norm(const float* in, size_t batch, size_t channels, size_t columns,
                   const float* scale, const float* bias, float epsilon, float* out,
                   IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_NORMALIZE_NORMALIZE_H_
