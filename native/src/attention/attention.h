// Scaled dot-product attention of floats, without the scores of all queries in memory at once.
#ifndef OCTAVO_SRC_ATTENTION_ATTENTION_H_
#define OCTAVO_SRC_ATTENTION_ATTENTION_H_

#include <cstddef>

#include "cpu/isa.h"

namespace octavo {

// Vectors by image, head and position; the elements of one lie together. Strides in elements.
struct HeadStrides {
  size_t image, head, row;
};

// out = softmax(scale * q k^T + mask) v by image and head; zeros where a query sees no key. Values
// of keys that weigh nothing may be left out, whatever they are.
struct AttentionArgs {
  size_t batch;
  size_t key_heads;
  size_t group;  // query heads that share a head of keys and values
  size_t queries;
  size_t keys;
  size_t width;        // of queries and keys
  size_t value_width;  // of values and outputs
  float scale;
  bool causal;  // query i sees the keys up to i + offset only
  ptrdiff_t offset;
  size_t mask_strides[4];  // by image, query head, query and key (0 or 1); 0 where it repeats
  HeadStrides q_strides, k_strides, v_strides, out_strides;
  const float* q;
  const float* k;
  const float* v;
  const float* mask;  // or null
  float* out;         // apart from all others
};

// Threads: as usable_threads() says. Throws std::bad_alloc.
void attend(const AttentionArgs& args, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_ATTENTION_ATTENTION_H_
