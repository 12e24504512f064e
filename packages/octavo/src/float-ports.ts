import { cloneModel, type Graph, type Model, runPasses, type Value } from '@octavo/core/ir';
import { dequantize, isStorageDType, type QuantizedType, quantize } from '@octavo/core/quant';
import { type DType, fromNumbers, isFloat, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { InputSpec } from '@octavo/datasets';
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
 * A session of a model with integer or 16-bit float inputs and outputs that takes and gives float32 where the model it was
 * made from does: integers are quantized and dequantized by the model's own parameters. Other inputs and outputs stay as
 * they are.
 * @param session Runs `model`.
 * @param original The original model's graph; without it, integers that the model itself dequantizes count as its floats.
 */
export async function withFloatPorts(session: Session, model: Model, original?: Graph): Promise<Session> {
  const isPort = ({ name, dtype }: Value): boolean => {
    if (dtype === undefined) return false;
    if (!original) return isStorageDType(dtype);
    const before = original.value(name)?.dtype;
    return before !== undefined && isFloat(before) && dtype !== before;
  };
  if (![...model.graph.inputs, ...model.graph.outputs].some(isPort)) return session;
  const graph = await foldedGraph(model);
  const [inputs, outputs] = [formsOf(graph.inputs.filter(isPort)), formsOf(graph.outputs.filter(isPort))];
  return inputs.size + outputs.size === 0 ? session : new FloatPorts(session, inputs, outputs);
}

/**
 * What data must provide for the inputs of a session of a model: quantized ones take real numbers too.
 * @param onReals Hears of the real numbers of an input, before they are quantized.
 */
export async function quantizingInputs(
  session: Session,
  model: Model,
  onReals?: (name: string, reals: Tensor<'float32'>, type: QuantizedType) => void,
): Promise<InputSpec[]> {
  if (!model.graph.inputs.some(({ dtype }) => dtype !== undefined && isStorageDType(dtype)))
    return [...session.inputs];
  const { inputs } = await foldedGraph(model);
  const types = new Map(
    inputs.flatMap(({ name, quantized }) =>
      quantized?.granularity.kind === 'per-tensor' ? [[name, quantized] as const] : [],
    ),
  );
  return session.inputs.map((port) => {
    const type = types.get(port.name);
    if (!type) return port;
    const quantizeReals = (reals: Tensor<'float32'>): Tensor => {
      onReals?.(port.name, reals, type);
      return quantize(reals, type);
    };
    return { ...port, quantize: quantizeReals };
  });
}

/** The graph of a model whose values say how they are quantized. */
async function foldedGraph(model: Model): Promise<Graph> {
  const { graph } = cloneModel(model);
  await runPasses(graph, [raiseQoperator, foldQdq]);
  return graph;
}

/** How a model keeps the real numbers of an input or output. */
interface StoredForm {
  toStored(tensor: Tensor): Tensor;
  toReal(tensor: Tensor): Tensor;
}

type StoredForms = ReadonlyMap<string, StoredForm>;

function integers(type: QuantizedType): StoredForm {
  return {
    toStored: (tensor) => (tensor.is('float32') ? quantize(tensor, type) : tensor),
    toReal: (tensor) => dequantize(tensor, type),
  };
}

function floats(dtype: DType): StoredForm {
  const cast = (tensor: Tensor, to: DType): Tensor => fromNumbers(to, tensor.shape, toNumbers(tensor));
  return { toStored: (tensor) => cast(tensor, dtype), toReal: (tensor) => cast(tensor, 'float32') };
}

class FloatPorts implements Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  private readonly session: Session;
  private readonly inputForms: StoredForms;
  private readonly outputForms: StoredForms;

  constructor(session: Session, inputForms: StoredForms, outputForms: StoredForms) {
    this.session = session;
    this.inputForms = inputForms;
    this.outputForms = outputForms;
    this.inputs = session.inputs.map((port) => floatPort(port, inputForms));
    this.outputs = session.outputs.map((port) => floatPort(port, outputForms));
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
    const bound = await this.session.bind(this.toStored(inputs), without(outputs, this.outputForms));
    const results = { ...this.toReal(bound.outputs), ...outputs };
    return {
      inputs,
      outputs: results,
      run: () => {
        copyInto(bound.inputs, this.toStored(inputs), this.inputForms);
        bound.run();
        copyInto(results, this.toReal(bound.outputs), this.outputForms);
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
    return mapStored(feeds, this.inputForms, (form, tensor) => form.toStored(tensor));
  }

  private toReal(results: NamedTensors): NamedTensors {
    return mapStored(results, this.outputForms, (form, tensor) => form.toReal(tensor));
  }
}

/** The tensors that `forms` does not name. */
function without(tensors: NamedTensors, forms: StoredForms): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).filter(([name]) => !forms.has(name)));
}

/** Overwrites the elements of those tensors that `forms` names. */
function copyInto(to: NamedTensors, from: NamedTensors, forms: StoredForms): void {
  for (const name of forms.keys()) {
    const source = from[name];
    if (source) to[name]?.bytes.set(source.bytes);
  }
}

function mapStored(
  tensors: NamedTensors,
  forms: StoredForms,
  change: (form: StoredForm, tensor: Tensor) => Tensor,
): NamedTensors {
  const entries = Object.entries(tensors).map(([name, tensor]): [string, Tensor] => {
    const form = forms.get(name);
    return [name, form ? change(form, tensor) : tensor];
  });
  return Object.fromEntries(entries);
}

function floatPort(port: Port, forms: StoredForms): Port {
  const form = forms.get(port.name);
  if (!form) return port;
  return { ...port, dtype: 'float32', ...(port.default && { default: form.toReal(port.default) }) };
}

/** How the graph understands its own integers and 16-bit floats. */
function formsOf(values: readonly Value[]): Map<string, StoredForm> {
  return new Map(
    values.flatMap(({ name, dtype, quantized }): [string, StoredForm][] => {
      if (quantized?.granularity.kind === 'per-tensor') return [[name, integers(quantized)]];
      const isPlainFloat = dtype !== undefined && !isStorageDType(dtype) && isFloat(dtype);
      return isPlainFloat ? [[name, floats(dtype)]] : [];
    }),
  );
}
