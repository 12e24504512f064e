// A recurrent layer over whole sequences, after the product of its input with its weights: its
// states stay floats (`recurrence`), or are quantized in each step (`dynamic_recurrence`).
// Operands, of the dynamic op first: scales of its weights (constant), states, bytes and row scales
// (scratch). Of both: gates, bias of the recurrent products (or left out), sequence lengths (int32,
// or left out), initial h, initial c, peepholes (each or left out), sums and kept (scratch; kept
// only for a cell of two stages), y (or left out), h, c (only for a cell that has it). Words: cell
// (recurrent_cells), directions, steps, batch, hidden, backwards, batch first, coupled, clip; then
// for each direction function, alpha and beta of each function of the cell, and the weights of each
// of its stages. (recurrent/recurrence.h has the shapes.)
#include "recurrent/recurrence.h"

#include <array>

#include "program/op_reader.h"

namespace octavo {
namespace {

class RecurrenceOp final : public Op {
 public:
  RecurrenceOp(OpReader& reader, bool is_dynamic) : is_dynamic_(is_dynamic) {
    read_sizes(reader);
    for (size_t d = 0; d < args_.directions; ++d) read_direction(reader, d);
    if (is_dynamic) read_dynamic(reader);
    read_inputs(reader);
    read_outputs(reader);
    for (const Operand* output : outputs()) {
      for (const Operand* other : inputs()) reader.expect_disjoint(*other, *output);
      for (const Operand* other : outputs()) {
        if (other != output) reader.expect_disjoint(*other, *output);
      }
    }
  }

  void run(const Frame& frame) const override {
    Recurrence args = args_;
    args.gates = gates_.in<const float>(frame);
    args.bias = bias_.in<const float>(frame);
    args.lengths = lengths_.in<const int32_t>(frame);
    args.first_h = first_h_.in<const float>(frame);
    args.first_c = first_c_.in<const float>(frame);
    args.peepholes = peepholes_.in<const float>(frame);
    args.sums = sums_.in<float>(frame);
    args.kept = kept_.in<float>(frame);
    args.y = y_.in<float>(frame);
    args.h = h_.in<float>(frame);
    args.c = c_.in<float>(frame);
    DynamicStates dynamic = dynamic_;
    dynamic.states = states_.in<float>(frame);
    dynamic.bytes = bytes_.in(frame);
    dynamic.row_scales = row_scales_.in<float>(frame);
    if (is_dynamic_) args.dynamic = &dynamic;
    run_recurrence(args);
  }

 private:
  void read_sizes(OpReader& reader) {
    const std::span<const RecurrentCell> cells = recurrent_cells();
    args_.cell = &cells[reader.index("cell", cells.size() - 1)];
    args_.directions = reader.index("directions", kMostDirections);
    args_.steps = reader.size("steps");
    args_.batch = reader.size("batch");
    args_.hidden = reader.size("hidden");
    args_.backwards = reader.index("backwards", 1) != 0;
    args_.batch_first = reader.index("batch first", 1) != 0;
    args_.coupled = reader.index("coupled", 1) != 0;
    args_.clip = reader.number("clip");
    reader.expect(args_.directions > 0, "directions", "one or two");
    reader.expect(args_.clip >= 0, "clip", "a limit that is not negative");
    reader.expect(!is_dynamic_ || args_.cell->stages.size() == 1, "cell", "a cell of one stage");
  }

  void read_direction(OpReader& reader, size_t index) {
    RecurrentDirection& direction = args_.direction[index];
    for (size_t i = 0; i < args_.cell->functions; ++i) {
      const size_t function =
          reader.index("function", static_cast<size_t>(RecurrentFunction::count) - 1);
      direction.functions[i].function = static_cast<RecurrentFunction>(function);
      direction.functions[i].alpha = reader.number("alpha");
      direction.functions[i].beta = reader.number("beta");
    }
    for (size_t i = 0; i < args_.cell->stages.size(); ++i) {
      const size_t columns = CheckedSize(args_.cell->stages[i].gates).times(args_.hidden).value();
      if (is_dynamic_) {
        held_bytes_[index] = reader.weights<octavo_packed_matrix>("weights");
        const octavo_packed_matrix* weights = dynamic_.weights[index] = held_bytes_[index].get();
        expect_sizes(reader, columns, octavo_packed_matrix_k(weights),
                     octavo_packed_matrix_n(weights));
      } else {
        held_[index][i] = reader.weights<octavo_packed_float>("weights");
        const octavo_packed_float* weights = direction.weights[i] = held_[index][i].get();
        expect_sizes(reader, columns, octavo_packed_float_k(weights),
                     octavo_packed_float_n(weights));
      }
    }
  }

  void expect_sizes(OpReader& reader, size_t columns, size_t k, size_t n) const {
    reader.expect(k == args_.hidden && n == columns, "weights", "weights of the stage");
  }

  void read_dynamic(OpReader& reader) {
    const size_t columns = CheckedSize(args_.cell->gates).times(args_.hidden).value();
    const auto scales = reader.constant<float>("weight scales");
    reader.expect(scales.count == CheckedSize(args_.directions).times(columns).value(),
                  "weight scales", "one for each column of each direction");
    dynamic_.scales = scales.data;
    const CheckedSize rows = CheckedSize(args_.directions).times(args_.batch);
    states_ = reader.output("states", bytes(CheckedSize(args_.batch)), sizeof(float));
    bytes_ = reader.output("bytes", rows.times(args_.hidden), 1);
    row_scales_ = reader.output("row scales", rows.times(sizeof(float)), sizeof(float));
  }

  // Bytes of `rows` times directions x hidden floats.
  CheckedSize bytes(const CheckedSize& rows) const {
    return rows.times(args_.directions).times(args_.hidden).times(sizeof(float));
  }

  void read_inputs(OpReader& reader) {
    const CheckedSize states = bytes(CheckedSize(args_.batch));
    const CheckedSize rows = CheckedSize(args_.steps).times(args_.batch).times(args_.cell->gates);
    gates_ = reader.input("gates", bytes(rows), sizeof(float));
    bias_ = reader.optional_input("bias", bytes(CheckedSize(args_.cell->gates)), sizeof(float));
    lengths_ = reader.optional_input("sequence lengths",
                                     CheckedSize(args_.batch).times(sizeof(int32_t)), 4);
    first_h_ = reader.optional_input("initial h", states, sizeof(float));
    first_c_ = reader.optional_input("initial c", states, sizeof(float));
    peepholes_ = reader.optional_input("peepholes", bytes(CheckedSize(3)), sizeof(float));
  }

  void read_outputs(OpReader& reader) {
    const CheckedSize states = bytes(CheckedSize(args_.batch));
    const CheckedSize rows = CheckedSize(args_.batch).times(args_.cell->gates);
    sums_ = reader.output("sums", bytes(rows), sizeof(float));
    kept_ = reader.optional_output("kept", states, sizeof(float));
    y_ = reader.optional_output("y", bytes(CheckedSize(args_.steps).times(args_.batch)),
                                sizeof(float));
    h_ = reader.output("h", states, sizeof(float));
    c_ = reader.optional_output("c", states, sizeof(float));
    reader.expect(kept_.present == (args_.cell->stages.size() > 1), "kept", "what its cell needs");
    reader.expect(c_.present == args_.cell->has_cell_state, "c", "what its cell needs");
  }

  std::array<const Operand*, 6> inputs() const {
    return {&gates_, &bias_, &lengths_, &first_h_, &first_c_, &peepholes_};
  }
  std::array<const Operand*, 8> outputs() const {
    return {&sums_, &kept_, &y_, &h_, &c_, &states_, &bytes_, &row_scales_};
  }

  bool is_dynamic_;
  Recurrence args_{};
  std::shared_ptr<const octavo_packed_float> held_[kMostDirections][kMostStages];
  Operand gates_, bias_, lengths_, first_h_, first_c_, peepholes_;
  Operand sums_, kept_, y_, h_, c_;
  DynamicStates dynamic_{};
  std::shared_ptr<const octavo_packed_matrix> held_bytes_[kMostDirections];
  Operand states_, bytes_, row_scales_;
};

}  // namespace

std::unique_ptr<const Op> make_recurrence(OpReader& reader) {
  return std::make_unique<RecurrenceOp>(reader, false);
}

std::unique_ptr<const Op> make_dynamic_recurrence(OpReader& reader) {
  return std::make_unique<RecurrenceOp>(reader, true);
}

}  // namespace octavo
