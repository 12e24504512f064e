import { cloneModel, type Graph, type Model, runPasses, type Value } from '@octavo/core/ir';
import { dequantize, isStorageDType, type QuantizedType, quantize } from '@octavo/core/quant';
import { isFloat, type Tensor } from '@octavo/core/tensor';
import { foldQdq, raiseQoperator } from '@octavo/passes';
import {
  type BoundRun,
  type NamedShapes,
  type NamedTensors,
  type Port,
  type ProfileOptions,
  type RunOptions,
  type Session,
  SessionError,
  type SessionProfile,
  type SessionToken,
} from '@octavo/runtime';

/**
 * A session of a full-integer model that takes and gives real numbers where the model it was made from does: inputs are
 * quantized and outputs dequantized by the model's own parameters. Other inputs and outputs stay as they are.
 * @param session Runs `model`.
 * @param original The original model's graph.
 */
export async function withFloatPorts(session: Session, model: Model, original: Graph): Promise<Session> {
  const wasFloat = (name: string): boolean => {
    const dtype = original.value(name)?.dtype;
    return dtype !== undefined && isFloat(dtype);
  };
  const isPort = (value: Value): boolean =>
    wasFloat(value.name) && value.dtype !== undefined && isStorageDType(value.dtype);
  if (![...model.graph.inputs, ...model.graph.outputs].some(isPort)) return session;
  const { graph } = cloneModel(model);
  await runPasses(graph, [raiseQoperator, foldQdq]);
  const [inputs, outputs] = [typesOf(graph.inputs.filter(isPort)), typesOf(graph.outputs.filter(isPort))];
  return inputs.size + outputs.size === 0 ? session : new FloatPorts(session, inputs, outputs);
}

class FloatPorts implements Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  private readonly session: Session;
  private readonly inputTypes: ReadonlyMap<string, QuantizedType>;
  private readonly outputTypes: ReadonlyMap<string, QuantizedType>;

  constructor(
    session: Session,
    inputTypes: ReadonlyMap<string, QuantizedType>,
    outputTypes: ReadonlyMap<string, QuantizedType>,
  ) {
    this.session = session;
    this.inputTypes = inputTypes;
    this.outputTypes = outputTypes;
    this.inputs = session.inputs.map((port) => floatPort(port, inputTypes));
    this.outputs = session.outputs.map((port) => floatPort(port, outputTypes));
  }

  async run(feeds: NamedTensors, options?: RunOptions): Promise<NamedTensors> {
    return this.toReal(await this.session.run(this.toStored(feeds), options));
  }

  runSync(feeds: NamedTensors, options?: RunOptions): NamedTensors {
    return this.toReal(this.session.runSync(this.toStored(feeds), options));
  }

  prepare(shapes: NamedShapes): Promise<void> {
    return this.session.prepare(shapes);
  }

  /** Quantizes into the bound tensors before each run and dequantizes after it. */
  async bind(inputs: NamedTensors, outputs: NamedTensors = {}): Promise<BoundRun> {
    const bound = await this.session.bind(this.toStored(inputs), without(outputs, this.outputTypes));
    const results = { ...this.toReal(bound.outputs), ...outputs };
    return {
      inputs,
      outputs: results,
      run: () => {
        copyInto(bound.inputs, this.toStored(inputs), this.inputTypes);
        bound.run();
        copyInto(results, this.toReal(bound.outputs), this.outputTypes);
      },
      [Symbol.dispose]: () => bound[Symbol.dispose](),
    };
  }

  profile(feeds: NamedTensors, options?: ProfileOptions): Promise<SessionProfile> {
    return this.session.profile(this.toStored(feeds), options);
  }

  share(): SessionToken {
    throw new SessionError({
      code: 'SESSION_NOT_SHAREABLE',
      message: 'its integers are turned into floats outside the session.',
      remedy: 'Share a session of the model without this conversion.',
    });
  }

  explain(): ReturnType<Session['explain']> {
    return this.session.explain();
  }

  dispose(): void {
    this.session.dispose();
  }

  [Symbol.dispose](): void {
    this.session.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.dispose();
  }

  private toStored(feeds: NamedTensors): NamedTensors {
    return mapTyped(feeds, this.inputTypes, (tensor, type) =>
      tensor.is('float32') ? quantize(tensor, type) : tensor,
    );
  }

  private toReal(results: NamedTensors): NamedTensors {
    return mapTyped(results, this.outputTypes, dequantize);
  }
}

/** The tensors that `types` does not name. */
function without(tensors: NamedTensors, types: ReadonlyMap<string, QuantizedType>): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !types.has(name)));
}

/** Overwrites the elements of those tensors that `types` names. */
function copyInto(to: NamedTensors, from: NamedTensors, types: ReadonlyMap<string, QuantizedType>): void {
  for (const name of types.keys()) {
    const source = from[name];
    if (source) to[name]?.bytes.set(source.bytes);
  }
}

function mapTyped(
  tensors: NamedTensors,
  types: ReadonlyMap<string, QuantizedType>,
  change: (tensor: Tensor, type: QuantizedType) => Tensor,
): NamedTensors {
  const entries = Object.entries(tensors).map(([name, tensor]): [string, Tensor] => {
    const type = types.get(name);
    return [name, type ? change(tensor, type) : tensor];
  });
  return Object.fromEntries(entries);
}

function floatPort(port: Port, types: ReadonlyMap<string, QuantizedType>): Port {
  return types.has(port.name) ? { ...port, dtype: 'float32' } : port;
}

/** The parameters by which the graph understands its own integers. */
function typesOf(values: readonly Value[]): Map<string, QuantizedType> {
  return new Map(
    values.flatMap(({ name, quantized }): [string, QuantizedType][] =>
      quantized?.granularity.kind === 'per-tensor' ? [[name, quantized]] : [],
    ),
  );
}
