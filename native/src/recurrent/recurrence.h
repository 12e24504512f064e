// Recurrent layers over whole sequences: what their cells share. What the inputs give the gates has
// been computed for all steps at once; here is what goes from step to step.
#ifndef OCTAVO_SRC_RECURRENT_RECURRENCE_H_
#define OCTAVO_SRC_RECURRENT_RECURRENCE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "cpu/isa.h"
#include "octavo/octavo.h"
#include "recurrent/cell_kernels.h"

namespace octavo {

// A product of states with recurrent weights, and what follows it.
struct RecurrentStage {
  size_t first_gate;
  size_t gates;
  bool of_kept;  // its rows are what the stage before it kept, not the hidden state
  CellFn CellKernels::*run;
};

constexpr size_t kMostStages = 2;

struct RecurrentCell {
  size_t gates;
  size_t functions;
  bool has_cell_state;
  std::span<const RecurrentStage> stages;
};

// ONNX's RNN, LSTM, GRU, and GRU with linear_before_reset.
std::span<const RecurrentCell> recurrent_cells();

// One direction of time.
struct RecurrentDirection {
  CellFunction functions[kMostCellFunctions];
  const octavo_packed_float* weights[kMostStages];  // hidden x (gates of the stage * hidden)
};

constexpr size_t kMostDirections = 2;

// Weights of 8 bits, for a cell of one stage: in each step the states of a direction are quantized
// to uint8, by the range of those that begin or that the last step changed.
struct DynamicStates {
  const octavo_packed_matrix* weights[kMostDirections];  // hidden x (gates * hidden)
  const float* scales;                                   // directions x gates x hidden
  float* states;                                         // directions x batch x hidden: scratch
  uint8_t* bytes;                                        // the same
  float* row_scales;                                     // directions x batch: scratch
};

// Tensors are dense. With `batch_first` the batch comes before the steps, and before the
// directions; else after them. Y has its directions between steps and batch, or after both.
struct Recurrence {
  const RecurrentCell* cell;
  size_t directions;
  size_t steps;
  size_t batch;
  size_t hidden;
  bool backwards;  // the first direction; a second one always is
  bool batch_first;
  bool coupled;
  float clip;
  RecurrentDirection direction[kMostDirections];
  const DynamicStates* dynamic;  // null: the weights are those of the directions
  const float* gates;      // (steps, batch) x directions x gates of the cell x hidden
  const float* bias;       // of the recurrent products: directions x gates x hidden; or null
  const int32_t* lengths;  // steps of each sequence, clamped to [0, steps]; null: all
  const float* first_h;    // null: zeros
  const float* first_c;    // null: zeros
  const float* peepholes;  // directions x 3 x hidden, or null
  float* sums;             // directions x batch x gates x hidden: scratch
  float* kept;             // directions x batch x hidden: scratch of a cell of two stages
  float* y;                // null where nobody reads it; zero after the end of a sequence
  float* h;                // (directions, batch) x hidden: the last states
  float* c;
};

// Throws std::bad_alloc.
void run_recurrence(const Recurrence& recurrence, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_RECURRENT_RECURRENCE_H_
