import type { Binding } from '@octavo/backend';
import { type Tensor, tensorFromBytes } from '@octavo/core/tensor';
import type { NamedTensors } from './session.js';
import { SessionError } from './session-error.js';
import { keep, operands, type RunnableStage, type RunValues, type StageList } from './stage-list.js';

/** A plan over fixed tensors, in the order of its inputs and outputs. */
export interface BoundPlan {
  readonly outputs: readonly Tensor[];
  run(): void;
  dispose(): void;
}

/**
 * Binds every stage to fixed tensors where each backend can; otherwise runs the plan and copies its results into
 * the outputs. `outputs` are those that the caller gave.
 * @throws SessionError `BIND_OUTPUT` when an output does not fit, `SESSION_ASYNC` when a backend cannot run at once.
 */
export function bindPlan(
  plan: StageList,
  inputs: readonly Tensor[],
  outputs: readonly (Tensor | undefined)[],
): BoundPlan {
  return plan.stages.length > 0 && plan.stages.every(({ executable }) => executable.bind)
    ? bindStages(plan, inputs, outputs)
    : bindCopies(plan, inputs, outputs);
}

/**
 * The outputs that a caller gives, in the order of their names.
 * @throws SessionError `BIND_OUTPUT` for one that there is not.
 */
export function givenOutputs(names: readonly string[], outputs: NamedTensors): (Tensor | undefined)[] {
  const unknown = Object.keys(outputs).find((name) => !names.includes(name));
  if (unknown === undefined) return names.map((name) => outputs[name]);
  throw new SessionError({
    code: 'BIND_OUTPUT',
    where: `output ${unknown}`,
    message: `the model has no such output; its outputs are ${names.join(', ')}.`,
  });
}

function bindStages(
  plan: StageList,
  inputs: readonly Tensor[],
  outputs: readonly (Tensor | undefined)[],
): BoundPlan {
  const values = plan.begin(inputs);
  const wanted: RunValues = [];
  plan.slots.outputs.forEach((slot, index) => {
    if (values[slot] === undefined) wanted[slot] = outputs[index];
  });
  const bindings: Binding[] = [];
  const dispose = () => {
    for (const binding of bindings) binding[Symbol.dispose]();
  };
  try {
    for (const stage of plan.stages) {
      const binding = bindStage(stage, values, wanted);
      bindings.push(binding);
      keep(stage, binding.outputs, values);
    }
  } catch (error) {
    dispose();
    throw error;
  }
  const { direct, copied } = results(plan, plan.collect(values), outputs);
  const run = () => {
    for (const binding of bindings) binding.run();
    for (const [from, to] of copied) to.bytes.set(from.bytes);
  };
  return { outputs: direct, run, dispose };
}

function bindStage(stage: RunnableStage, values: Readonly<RunValues>, wanted: Readonly<RunValues>): Binding {
  const binding = stage.executable.bind?.(
    operands(stage, values),
    stage.outputs.map((slot) => wanted[slot]),
  );
  if (binding) return binding;
  throw new SessionError({ code: 'BIND_OUTPUT', message: `backend ${stage.backend.id} does not bind.` });
}

/** One run finds the shapes of the outputs; each later one is copied into them. */
function bindCopies(
  plan: StageList,
  inputs: readonly Tensor[],
  outputs: readonly (Tensor | undefined)[],
): BoundPlan {
  const { direct } = results(plan, plan.runSync(inputs).map(copyOf), outputs);
  const run = () => {
    plan.runSync(inputs).forEach((tensor, index) => {
      const to = direct[index];
      if (to) copyInto(plan, index, tensor, to);
    });
  };
  return { outputs: direct, run, dispose() {} };
}

interface Results {
  /** What the caller reads after a run. */
  readonly direct: readonly Tensor[];
  /** Results that no backend writes there: outputs that are inputs, constants, or another output. */
  readonly copied: readonly (readonly [Tensor, Tensor])[];
}

function results(
  plan: StageList,
  computed: readonly Tensor[],
  given: readonly (Tensor | undefined)[],
): Results {
  const copied: (readonly [Tensor, Tensor])[] = [];
  const direct = computed.map((tensor, index) => {
    const to = given[index];
    if (!to || to === tensor) return tensor;
    copyInto(plan, index, tensor, to);
    copied.push([tensor, to]);
    return to;
  });
  return { direct, copied };
}

function copyInto(plan: StageList, index: number, from: Tensor, to: Tensor): void {
  const fits = from.dtype === to.dtype && from.shape.join() === to.shape.join();
  if (!fits) {
    throw new SessionError({
      code: 'BIND_OUTPUT',
      where: `output ${plan.slots.outputNames[index]}`,
      message: `expected ${describe(from)}, found ${describe(to)}.`,
      remedy: 'Bind a tensor of the shape that the model gives for these inputs, or let bind() allocate it.',
    });
  }
  to.bytes.set(from.bytes);
}

function copyOf(tensor: Tensor): Tensor {
  return tensorFromBytes(tensor.dtype, tensor.shape, tensor.bytes.slice());
}

function describe({ dtype, shape }: Tensor): string {
  return `${dtype} [${shape.join(', ')}]`;
}
