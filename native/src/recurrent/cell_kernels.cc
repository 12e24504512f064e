#include "recurrent/cell_kernels.h"

#include "vector/transcendental.h"

namespace octavo {
namespace {

// Any function, its argument clipped.
class Chosen {
 public:
  Chosen(const CellFunction& chosen, float clip)
      : function_(chosen.function),
        alpha_(splat(chosen.alpha)),
        beta_(splat(chosen.beta)),
        clip_(splat(clip)) {}

  F32 operator()(F32 argument) const {
    const F32 alpha = alpha_, beta = beta_, x = clamp(argument, -clip_, clip_);
    switch (function_) {
#define OCTAVO_RECURRENT_FUNCTION(name, value) \
  case RecurrentFunction::name:                \
    return value;
#include "recurrent/functions.inc"
#undef OCTAVO_RECURRENT_FUNCTION
      default:
        return x;
    }
  }

 private:
  RecurrentFunction function_;
  F32 alpha_, beta_, clip_;
};

// The functions that nearly every model has, without looking which they are.
struct Sigmoid {
  Sigmoid(const CellFunction&, float) {}
  OCTAVO_INLINE F32 operator()(F32 x) const { return sigmoid(x); }
};
struct Tanh {
  Tanh(const CellFunction&, float) {}
  OCTAVO_INLINE F32 operator()(F32 x) const { return tanh(x); }
};

struct WholeVector {
  OCTAVO_INLINE F32 load(const float* from) const { return octavo::load<F32>(from); }
  OCTAVO_INLINE void store(float* to, F32 x) const { octavo::store(to, x); }
};
struct PartOfVector {
  size_t count;
  OCTAVO_INLINE F32 load(const float* from) const { return load_some<F32>(from, count); }
  OCTAVO_INLINE void store(float* to, F32 x) const { store_some(to, x, count); }
};

template <typename Run>
OCTAVO_INLINE void for_each_vector(size_t count, Run run) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) run(i, WholeVector{});
  if (i < count) run(i, PartOfVector{count - i});
}

// The sum of a gate at element `i`.
template <typename Part>
OCTAVO_INLINE F32 gate(const CellRow& row, size_t index, size_t i, Part part) {
  const size_t at = index * row.hidden + i;
  return part.load(row.x + at) + part.load(row.sums + at);
}

template <typename Part>
OCTAVO_INLINE F32 peep(const CellRow& row, size_t index, size_t i, Part part, F32 cell) {
  if (row.peepholes == nullptr) return splat(0.0f);
  return part.load(row.peepholes + index * row.hidden + i) * cell;
}

template <typename F>
void rnn_row(const CellRow& row) {
  const F f(row.functions[0], row.clip);
  for_each_vector(row.hidden, [&](size_t i, auto part) OCTAVO_LAMBDA_INLINE {
    part.store(row.h + i, f(gate(row, 0, i, part)));
  });
}

template <typename F, typename G, typename H>
void lstm_row(const CellRow& row) {
  const F f(row.functions[0], row.clip);
  const G g(row.functions[1], row.clip);
  const H h(row.functions[2], row.clip);
  for_each_vector(row.hidden, [&](size_t i, auto part) OCTAVO_LAMBDA_INLINE {
    const F32 before = part.load(row.c + i);
    const F32 input = f(gate(row, 0, i, part) + peep(row, 0, i, part, before));
    const F32 forget = row.coupled ? splat(1.0f) - input
                                   : f(gate(row, 2, i, part) + peep(row, 2, i, part, before));
    const F32 cell = forget * before + input * g(gate(row, 3, i, part));
    part.store(row.c + i, cell);
    const F32 output = f(gate(row, 1, i, part) + peep(row, 1, i, part, cell));
    part.store(row.h + i, output * h(cell));
  });
}

template <typename F>
void gru_gates_row(const CellRow& row) {
  const F f(row.functions[0], row.clip);
  for_each_vector(row.hidden, [&](size_t i, auto part) OCTAVO_LAMBDA_INLINE {
    const F32 update = f(gate(row, 0, i, part));
    const F32 reset = f(gate(row, 1, i, part));
    part.store(row.sums + i, update);
    part.store(row.kept + i, reset * part.load(row.h + i));
  });
}

OCTAVO_INLINE F32 blend(F32 update, F32 candidate, F32 before) {
  return (splat(1.0f) - update) * candidate + update * before;
}

template <typename G>
void gru_candidate_row(const CellRow& row) {
  const G g(row.functions[1], row.clip);
  for_each_vector(row.hidden, [&](size_t i, auto part) OCTAVO_LAMBDA_INLINE {
    const F32 candidate = g(gate(row, 2, i, part));
    part.store(row.h + i, blend(part.load(row.sums + i), candidate, part.load(row.h + i)));
  });
}

template <typename F, typename G>
void gru_reset_last_row(const CellRow& row) {
  const F f(row.functions[0], row.clip);
  const G g(row.functions[1], row.clip);
  for_each_vector(row.hidden, [&](size_t i, auto part) OCTAVO_LAMBDA_INLINE {
    const F32 update = f(gate(row, 0, i, part));
    const F32 reset = f(gate(row, 1, i, part));
    const size_t last = 2 * row.hidden + i;
    const F32 candidate = g(part.load(row.x + last) + reset * part.load(row.sums + last));
    part.store(row.h + i, blend(update, candidate, part.load(row.h + i)));
  });
}

bool is(const CellRow& row, size_t index, RecurrentFunction function) {
  return row.functions[index].function == function && row.clip == __builtin_inff();
}

void rnn(const CellRow& row) {
  if (is(row, 0, RecurrentFunction::tanh)) return rnn_row<Tanh>(row);
  rnn_row<Chosen>(row);
}

void lstm(const CellRow& row) {
  const bool usual = is(row, 0, RecurrentFunction::sigmoid) &&
                     is(row, 1, RecurrentFunction::tanh) && is(row, 2, RecurrentFunction::tanh);
  if (usual) return lstm_row<Sigmoid, Tanh, Tanh>(row);
  lstm_row<Chosen, Chosen, Chosen>(row);
}

void gru_gates(const CellRow& row) {
  if (is(row, 0, RecurrentFunction::sigmoid)) return gru_gates_row<Sigmoid>(row);
  gru_gates_row<Chosen>(row);
}

void gru_candidate(const CellRow& row) {
  if (is(row, 1, RecurrentFunction::tanh)) return gru_candidate_row<Tanh>(row);
  gru_candidate_row<Chosen>(row);
}

void gru_reset_last(const CellRow& row) {
  const bool usual = is(row, 0, RecurrentFunction::sigmoid) && is(row, 1, RecurrentFunction::tanh);
  if (usual) return gru_reset_last_row<Sigmoid, Tanh>(row);
  gru_reset_last_row<Chosen, Chosen>(row);
}

}  // namespace

const CellKernels OCTAVO_TIERED(cells) = {rnn, lstm, gru_gates, gru_candidate, gru_reset_last};

}  // namespace octavo
