import { defineKernel, type Kernel, type Operands } from '@octavo/backend';
import { type Node, Scan, Scan8, type Subgraph } from '@octavo/core/ir';
import { normalizeAxis, type Tensor } from '@octavo/core/tensor';
import { refuse } from '../integer-operands.js';
import { type GraphFunction, interpretSubgraph, supportsSubgraphs } from '../interpret.js';
import { operand } from '../operand.js';
import { sliceAt, slicesOf, stack } from '../stack.js';

/** How a {@link Scan} slices its inputs and stacks its outputs. */
export interface ScanSpec {
  /** Inputs that are initial states: the first ones. */
  readonly states: number;
  readonly inputAxes: readonly number[];
  readonly backward: readonly boolean[];
  readonly outputAxes: readonly number[];
  readonly outputBackward: readonly boolean[];
}

export function scanSpec(node: Node): ScanSpec {
  const attributes = Scan.attributes(node);
  return {
    states: node.inputs.length - attributes.num_scan_inputs,
    inputAxes: attributes.scan_input_axes ?? [],
    backward: attributes.scan_input_directions?.map((each) => each === 1) ?? [],
    outputAxes: attributes.scan_output_axes ?? [],
    outputBackward: attributes.scan_output_directions?.map((each) => each === 1) ?? [],
  };
}

/** Runs a body over slices of the inputs of a {@link Scan}; its outputs. */
export function runScan(
  body: GraphFunction,
  subgraph: Subgraph,
  inputs: Operands,
  captures: readonly Tensor[],
  plan: ScanSpec,
  maxTensorBytes: number,
): readonly Tensor[] {
  const operands = inputs.map((_, i) => operand(inputs, i));
  let states = operands.slice(0, plan.states);
  const sequences = operands.slice(plan.states);
  const axes = sequences.map((each, i) => normalizeAxis(plan.inputAxes[i] ?? 0, each.shape.length));
  const lengths = sequences.map((each, i) => each.shape[axes[i] ?? 0] ?? 0);
  const steps = lengths[0] ?? refuse('Scan needs an input to scan.');
  if (lengths.some((length) => length !== steps)) refuse(`Scan inputs have ${lengths.join(', ')} slices.`);
  const scans: (readonly Tensor[])[] = [];
  for (let step = 0; step < steps; step++) {
    const slices = sequences.map((each, i) =>
      sliceAt(each, axes[i] ?? 0, plan.backward[i] ? steps - 1 - step : step),
    );
    const results = body([...states, ...slices], captures);
    states = results.slice(0, plan.states);
    scans.push(slicesOf(results, plan.states, step + 1, maxTensorBytes));
  }
  const count = subgraph.graph.outputs.length - plan.states;
  const stacked = Array.from({ length: count }, (_, i) => {
    const slices = scans.map((results) => operand(results, i));
    if (plan.outputBackward[i]) slices.reverse();
    return stack(slices, plan.outputAxes[i] ?? 0, subgraph, plan.states + i);
  });
  return [...states, ...stacked];
}

export function scanKernel(table: () => readonly Kernel[]): Kernel {
  return defineKernel(Scan, {
    supports: (node) => supportsSubgraphs(node.subgraphs, table()),
    prepare: async ({ attributes, node, maxTensorBytes }) => {
      const run = await interpretSubgraph(attributes.body, table(), { maxTensorBytes });
      const spec = scanSpec(node);
      return (inputs, captures) => runScan(run, attributes.body, inputs, captures, spec, maxTensorBytes);
    },
  });
}

export function scan8Kernel(table: () => readonly Kernel[]): Kernel {
  return defineKernel(Scan8, {
    supports: (node) =>
      node.inputs[0]
        ? { supported: false, reason: 'Scan with sequence lengths (opset 8) is not supported' }
        : supportsSubgraphs(node.subgraphs, table()),
    prepare: async ({ attributes, node, maxTensorBytes }) => {
      const run = await interpretSubgraph(attributes.body, table(), { maxTensorBytes });
      const backward = attributes.directions?.map((each) => each === 1) ?? [];
      const states = node.inputs.length - 1 - attributes.num_scan_inputs;
      const plan = { states, inputAxes: [], backward, outputAxes: [], outputBackward: [] };
      return (inputs, captures) => {
        const operands = inputs.slice(1).map((_, i) => operand(inputs, i + 1));
        const batches = operand(operands, 0).shape[0] ?? 0;
        const results = Array.from({ length: batches }, (_, batch) =>
          runScan(
            run,
            attributes.body,
            operands.map((each) => sliceAt(each, 0, batch)),
            captures,
            plan,
            maxTensorBytes,
          ),
        );
        return attributes.body.graph.outputs.map((_, i) =>
          stack(
            results.map((each) => operand(each, i)),
            0,
            attributes.body,
            i,
          ),
        );
      };
    },
  });
}
