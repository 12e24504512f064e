import { attr, type Subgraph } from '../attribute.js';
import { axisIn, type Dims, mergeDim, typeOf } from '../dims.js';
import { defineOp, type Op } from '../op.js';
import type { Dim, TensorType, Value } from '../value.js';

/** Runs one of two graphs without inputs; both read the enclosing graph through captures. */
export const If = defineOp({
  name: 'If',
  inputs: ['cond'],
  outputs: ['outputs...'],
  attributes: { then_branch: attr.required.graph(), else_branch: attr.required.graph() },
  inferTypes: ({ attributes: { then_branch, else_branch } }) => {
    const [yes, no] = [then_branch.graph.outputs, else_branch.graph.outputs];
    return yes.map((value, index) => commonType(value.tensorType, no[index]?.tensorType));
  },
});

/** What holds for both types; undefined when the dtypes differ or one is unknown. */
function commonType(a: TensorType | undefined, b: TensorType | undefined): TensorType | undefined {
  if (!a || !b || a.dtype !== b.dtype) return undefined;
  const [left, right] = [a.shape, b.shape];
  if (!left || !right || left.length !== right.length) return typeOf(a.dtype);
  return typeOf(
    a.dtype,
    left.map((dim, axis) => (dim === right[axis] ? dim : null)),
  );
}

/**
 * Repeats `body(iteration, condition, state...) -> (condition, state..., scan...)` up to `M` times while the
 * condition holds. Outputs are the final states, then each scan output stacked along a new first axis.
 */
export const Loop = defineOp({
  name: 'Loop',
  inputs: ['M?', 'cond?', 'v_initial...'],
  outputs: ['v_final_and_scan_outputs...'],
  attributes: { body: attr.required.graph() },
  inferTypes: ({ inputs, attributes: { body } }) => {
    const states = inputs.v_initial.length;
    return body.graph.outputs.slice(1).map((value, index) => {
      const type = value.tensorType;
      if (index < states) return commonType(type, inputs.v_initial[index]?.tensorType ?? type);
      return type && typeOf(type.dtype, type.shape && [null, ...type.shape]);
    });
  },
});

/**
 * Runs `body(state..., elements...) -> (state..., scan...)` over the slices of its last `num_scan_inputs` inputs.
 * Directions: 0 forward, 1 backward.
 */
export const Scan = defineOp({
  name: 'Scan',
  since: 9,
  inputs: ['initial_state_and_scan_inputs...'],
  outputs: ['final_state_and_scan_outputs...'],
  attributes: {
    body: attr.required.graph(),
    num_scan_inputs: attr.required.int(),
    scan_input_axes: attr.ints(),
    scan_input_directions: attr.ints(),
    scan_output_axes: attr.ints(),
    scan_output_directions: attr.ints(),
  },
  inferTypes: ({ inputs: { initial_state_and_scan_inputs: operands }, attributes }) => {
    const states = operands.length - attributes.num_scan_inputs;
    const steps = scanSteps(operands.slice(states), attributes.scan_input_axes);
    return scanTypes(attributes.body, states, steps, attributes.scan_output_axes);
  },
});

/** Semantics with a batch axis: inputs have the shape [batch, steps, ...]. */
export const Scan8 = defineOp({
  name: 'Scan',
  since: 8,
  inputs: ['sequence_lens?', 'initial_state_and_scan_inputs...'],
  outputs: ['final_state_and_scan_outputs...'],
  attributes: {
    body: attr.required.graph(),
    num_scan_inputs: attr.required.int(),
    directions: attr.ints(),
  },
  inferTypes: () => [],
});

/** The common number of slices of the scan inputs. */
function scanSteps(values: readonly (Value | undefined)[], axes: readonly number[] | undefined): Dim {
  return values.reduce<Dim>((steps, value, index) => {
    const shape = value?.shape;
    if (!shape) return steps;
    return mergeDim(steps, shape[axisIn(axes?.[index] ?? 0, shape.length)] ?? null);
  }, null);
}

function scanTypes(
  body: Subgraph,
  states: number,
  steps: Dim,
  axes: readonly number[] | undefined,
): (TensorType | undefined)[] {
  return body.graph.outputs.map((value, index) => {
    const type = value.tensorType;
    if (!type || index < states) return type;
    return typeOf(type.dtype, stackedDims(type.shape, steps, axes?.[index - states] ?? 0));
  });
}

function stackedDims(shape: Dims, steps: Dim, axis: number): Dims {
  return shape?.toSpliced(axisIn(axis, shape.length + 1), 0, steps);
}

export const controlFlowOps: readonly Op[] = [If, Loop, Scan, Scan8];
