import {
  DequantizeLinear,
  type Graph,
  type Model,
  QuantizeLinear,
  storedConstant,
  type Value,
} from '@octavo/core/ir';
import { dequantize, isStorageDType, PER_TENSOR, type QuantizedType, quantize } from '@octavo/core/quant';
import { isFloat, type Tensor, toNumbers } from '@octavo/core/tensor';
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
export function withFloatPorts(session: Session, model: Model, original: Graph): Session {
  const wasFloat = (name: string): boolean => {
    const dtype = original.value(name)?.dtype;
    return dtype !== undefined && isFloat(dtype);
  };
  const inputs = typesOf(
    model.graph.inputs.filter(({ name }) => wasFloat(name)),
    inputType,
  );
  const outputs = typesOf(
    model.graph.outputs.filter(({ name }) => wasFloat(name)),
    outputType,
  );
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

function typesOf(
  values: readonly Value[],
  typeOf: (value: Value) => QuantizedType | undefined,
): Map<string, QuantizedType> {
  return new Map(
    values.flatMap((value): [string, QuantizedType][] => {
      const type = typeOf(value);
      return type ? [[value.name, type]] : [];
    }),
  );
}

/** Of an integer input: the parameters by which the graph dequantizes it. */
function inputType(value: Value): QuantizedType | undefined {
  const reader = value.users.find((user) => DequantizeLinear.is(user) && user.inputs[0] === value);
  return reader && typeOfParameters(value, reader.inputs[1], reader.inputs[2]);
}

/** Of an integer output: the parameters by which the graph quantizes it. */
function outputType(value: Value): QuantizedType | undefined {
  const { producer } = value;
  return QuantizeLinear.is(producer)
    ? typeOfParameters(value, producer.inputs[1], producer.inputs[2])
    : undefined;
}

function typeOfParameters(
  value: Value,
  scale: Value | undefined,
  zeroPoint: Value | undefined,
): QuantizedType | undefined {
  const storage = value.dtype;
  const scales = numbersOf(scale);
  const zeroPoints = zeroPoint ? numbersOf(zeroPoint) : [0];
  if (storage === undefined || !isStorageDType(storage)) return undefined;
  if (scales?.length !== 1 || zeroPoints?.length !== 1) return undefined;
  return {
    storage,
    expressed: 'float32',
    granularity: PER_TENSOR,
    symmetric: false,
    scales: Float32Array.from(scales),
    zeroPoints: Int32Array.from(zeroPoints),
  };
}

function numbersOf(value: Value | undefined): readonly number[] | undefined {
  const tensor = storedConstant(value)?.peek();
  return tensor && Array.from(toNumbers(tensor));
}
