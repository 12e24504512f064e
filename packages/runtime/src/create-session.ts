import type { Backend, Executable, Tap } from '@octavo/backend';
import type { Graph, Model, Node, Value } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import { createExplanation, type Explanation } from './explain.js';
import { checkFeeds } from './feeds.js';
import { lower } from './lower.js';
import { boundary, type Decline, partition } from './partition.js';
import type { NamedTensors, Port, RunOptions, Session } from './session.js';
import { SessionError } from './session-error.js';

export interface SessionOptions {
  /** In order of preference; each node goes to the first that supports it. */
  readonly backends: readonly Backend[];
  /** Names of intermediate values to report to `RunOptions.onTap`. */
  readonly taps?: readonly string[];
}

interface Stage {
  readonly backend: Backend;
  readonly executable: Executable;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly declined: ReadonlyMap<Node, readonly Decline[]>;
}

/**
 * Makes a model ready to run: copies and lowers its graph (Q/DQ pairs become quantized types), gives each node to
 * a backend and lets each backend pack its weights. The model is not changed.
 * @throws SessionError `OP_UNSUPPORTED` when no backend runs a node, `TAP_UNKNOWN` for a tap that names no value.
 */
export async function createSession(model: Model, options: SessionOptions): Promise<Session> {
  const taps = options.taps ?? [];
  const graph = await lower(model, taps);
  for (const name of taps) {
    if (!graph.value(name)) {
      throw new SessionError({
        code: 'TAP_UNKNOWN',
        where: `value ${name}`,
        message: 'the lowered graph has no such value to tap.',
        remedy: 'Tap a value of the model; values that lowering folds away cannot be tapped.',
      });
    }
  }
  const stages: Stage[] = [];
  try {
    for await (const stage of compileStages(graph, options.backends)) stages.push(stage);
    const constants = new Map<Value, Tensor>();
    for (const value of graph.outputs) if (value.constant) constants.set(value, await value.constant.load());
    return new BackendSession(graph, stages, constants, new Set(taps));
  } catch (error) {
    for (const { executable } of stages) executable[Symbol.dispose]();
    throw error;
  }
}

async function* compileStages(graph: Graph, backends: readonly Backend[]): AsyncGenerator<Stage> {
  const loaded = new Map<Value, Promise<Tensor>>();
  for (const { backend, nodes, declined } of partition(graph, backends)) {
    const { inputs, outputs } = boundary(graph, nodes);
    const executable = await backend.compile({
      graph,
      nodes,
      inputs,
      outputs,
      constant: (value) => loadOnce(value, loaded),
    });
    yield { backend, executable, inputs, outputs, declined };
  }
}

function loadOnce(value: Value, loaded: Map<Value, Promise<Tensor>>): Promise<Tensor> {
  const known = loaded.get(value);
  if (known) return known;
  if (!value.constant) {
    throw new SessionError({
      code: 'SESSION_CONSTANT',
      where: `value ${value.name}`,
      message: 'a backend asked for the elements of a value that is not constant.',
    });
  }
  const tensor = value.constant.load();
  loaded.set(value, tensor);
  return tensor;
}

class BackendSession implements Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  private readonly graph: Graph;
  private readonly stages: readonly Stage[];
  private readonly constants: ReadonlyMap<Value, Tensor>;
  private readonly taps: ReadonlySet<string>;
  private disposed = false;

  constructor(
    graph: Graph,
    stages: readonly Stage[],
    constants: ReadonlyMap<Value, Tensor>,
    taps: ReadonlySet<string>,
  ) {
    this.graph = graph;
    this.stages = stages;
    this.constants = constants;
    this.taps = taps;
    this.inputs = graph.inputs.map(portOf);
    this.outputs = graph.outputs.map(portOf);
  }

  async run(feeds: NamedTensors, options: RunOptions = {}): Promise<NamedTensors> {
    const values = this.begin(feeds, options);
    for (const stage of this.stages) {
      options.signal?.throwIfAborted();
      const results = await stage.executable.run(
        this.operands(stage, values),
        this.tap(options),
        options.signal,
      );
      keep(stage, results, values);
    }
    return this.collect(values);
  }

  runSync(feeds: NamedTensors, options: RunOptions = {}): NamedTensors {
    const values = this.begin(feeds, options);
    for (const stage of this.stages) {
      options.signal?.throwIfAborted();
      if (!stage.executable.runSync) {
        throw new SessionError({
          code: 'SESSION_ASYNC',
          message: `backend ${stage.backend.id} runs asynchronously only.`,
          remedy: 'Use run().',
        });
      }
      keep(stage, stage.executable.runSync(this.operands(stage, values), this.tap(options)), values);
    }
    return this.collect(values);
  }

  explain(): Explanation {
    const entries = this.stages.flatMap((stage) =>
      stage.executable.plan.map(({ node, kernel }) => ({
        node: node.label,
        op: node.op.name,
        backend: stage.backend.id,
        kernel,
        dtype: dtypeOf(node),
        declined: stage.declined.get(node) ?? [],
      })),
    );
    return createExplanation(entries);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const stage of this.stages) stage.executable[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private begin(feeds: NamedTensors, options: RunOptions): Map<Value, Tensor> {
    if (this.disposed)
      throw new SessionError({ code: 'SESSION_DISPOSED', message: 'this session was disposed.' });
    options.signal?.throwIfAborted();
    const tensors = checkFeeds(this.inputs, feeds);
    const values = new Map<Value, Tensor>(this.constants);
    this.graph.inputs.forEach((value, index) => {
      const tensor = tensors[index];
      if (!tensor) return;
      values.set(value, tensor);
      if (this.taps.has(value.name)) options.onTap?.(value.name, tensor);
    });
    return values;
  }

  private operands(stage: Stage, values: ReadonlyMap<Value, Tensor>): Tensor[] {
    return stage.inputs.map((value) => found(value, values));
  }

  private tap({ onTap }: RunOptions): Tap | undefined {
    if (!onTap || this.taps.size === 0) return undefined;
    return (value, tensor) => {
      if (this.taps.has(value.name)) onTap(value.name, tensor);
    };
  }

  private collect(values: ReadonlyMap<Value, Tensor>): NamedTensors {
    return Object.fromEntries(this.graph.outputs.map((value) => [value.name, found(value, values)]));
  }
}

function keep(stage: Stage, results: readonly Tensor[], values: Map<Value, Tensor>): void {
  stage.outputs.forEach((value, index) => {
    const tensor = results[index];
    if (tensor) values.set(value, tensor);
  });
}

function found(value: Value, values: ReadonlyMap<Value, Tensor>): Tensor {
  const tensor = values.get(value);
  if (!tensor)
    throw new SessionError({
      code: 'SESSION_VALUE',
      where: `value ${value.name}`,
      message: 'it was not computed.',
    });
  return tensor;
}

function portOf(value: Value): Port {
  const type = value.tensorType;
  if (!type) {
    throw new SessionError({
      code: 'SESSION_TYPE',
      where: `value ${value.name}`,
      message: 'sessions take and give tensors of known dtype only.',
    });
  }
  return { name: value.name, dtype: type.dtype, shape: type.shape };
}

/** The dtype that tells how a node computes: the storage of its first quantized operand, else its output's dtype. */
function dtypeOf(node: Node): string {
  const operands = [...node.inputs, ...node.outputs];
  return operands.find((value) => value?.quantized)?.dtype ?? node.output?.dtype ?? '';
}
