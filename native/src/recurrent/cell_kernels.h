// What a recurrent cell does to one row of a batch once its matrix products are there, tier by
// tier. (recurrent/recurrence.h runs them.)
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_RECURRENT_CELL_KERNELS_H_
#define OCTAVO_SRC_RECURRENT_CELL_KERNELS_H_

#include <stddef.h>

#include "vector/tiers.h"

namespace octavo {

enum class RecurrentFunction {
#define OCTAVO_RECURRENT_FUNCTION(name, value) name,
#include "recurrent/functions.inc"
#undef OCTAVO_RECURRENT_FUNCTION
  count
};

struct CellFunction {
  RecurrentFunction function;
  float alpha;
  float beta;
};

// An LSTM has the most functions: of its gates, of its cell input and of its output.
constexpr size_t kMostCellFunctions = 3;

// Gates lie one after another, `hidden` numbers each.
struct CellRow {
  size_t hidden;
  const float* x;          // what the input gives each gate
  float* sums;             // what the states give each gate; stages may leave results there
  const float* peepholes;  // of the gates i, o and f, or null
  float* h;
  float* c;     // the cell state of an LSTM
  float* kept;  // what the reset gate of a GRU lets through
  CellFunction functions[kMostCellFunctions];
  float clip;    // arguments of functions lie between -clip and clip; infinite for no limit
  bool coupled;  // the forget gate of an LSTM is 1 - i
};
using CellFn = void (*)(const CellRow& row);

struct CellKernels {
  CellFn rnn;             // h = f(x + sums)
  CellFn lstm;            // gates i, o, f, c
  CellFn gru_gates;       // z stays in the sums, kept = r * h
  CellFn gru_candidate;   // h = (1 - z) g(x + sums) + z h
  CellFn gru_reset_last;  // the same in one stage, with r * sums instead of what was kept
};

#define OCTAVO_CELL_TIER(isa, tier) extern const CellKernels cells_##tier;
OCTAVO_TIERS(OCTAVO_CELL_TIER)
#undef OCTAVO_CELL_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_RECURRENT_CELL_KERNELS_H_
