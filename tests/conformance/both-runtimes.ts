import { type Backend, wholeGraph } from '@octavo/backend';
import { createModel, Graph, inferTypes, tensorType, type Value } from '@octavo/core/ir';
import { isDType, StoredTensor, type Tensor, tensorFromBytes } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { encodeModel } from '@octavo/formats';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import * as ort from 'onnxruntime-node';
import { ortTensor } from '../onnxruntime-tensor.js';
import { nativeTypes, operandTypes } from './evidence.js';
import { recordRun } from './recorded-runs.node.js';

/** A graph under construction with the tensors that feed it. */
export interface Trial {
  readonly graph: Graph;
  /** A graph input that is fed `tensor`. */
  input(tensor: Tensor): Value;
  /** An initializer. */
  constant(tensor: Tensor): Value;
}

/** Builds a graph whose outputs are those of the node (or nodes) that `build` emits. */
export function trial(
  build: (trial: Trial) => readonly (Value | undefined)[],
  opset = 21,
): { readonly graph: Graph; readonly feeds: readonly Tensor[] } {
  const graph = new Graph(
    new Map([
      ['', opset],
      ['com.microsoft', 1],
    ]),
  );
  const feeds: Tensor[] = [];
  const outputs = build({
    graph,
    input(tensor) {
      feeds.push(tensor);
      return graph.addInput(`x${feeds.length}`, tensorType(tensor.dtype, tensor.shape));
    },
    constant: (tensor) => graph.addInitializer('c', StoredTensor.of(tensor)),
  });
  graph.outputs = outputs.filter((value) => value !== undefined);
  inferTypes(graph);
  return { graph, feeds };
}

/** The outputs of a graph on the reference backend and in onnxruntime. */
export async function runBoth(
  { graph, feeds }: { readonly graph: Graph; readonly feeds: readonly Tensor[] },
  options?: OnnxruntimeOptions,
): Promise<{ readonly ours: readonly Tensor[]; readonly theirs: readonly Tensor[] }> {
  const theirs = await runOnnxruntime(encodeModel(createModel(graph)), graph, feeds, options);
  return { ours: await runReference(graph, feeds), theirs };
}

/** The outputs of a graph in onnxruntime, and ours on each backend: the reference, and a session with native kernels. */
export async function runEach(
  each: { readonly graph: Graph; readonly feeds: readonly Tensor[] },
  options?: OnnxruntimeOptions,
): Promise<{
  readonly all: readonly (readonly Tensor[])[];
  readonly theirs: readonly Tensor[];
  /** Ops of the session that had no native kernel. */
  readonly elsewhere: readonly string[];
}> {
  const { ours, theirs } = await runBoth(each, options);
  const { native, elsewhere } = await runNative(each.graph, each.feeds);
  return { all: [ours, native], theirs, elsewhere };
}

/** The outputs of a graph in a session on the CPU backend, and the ops that ran elsewhere. */
export async function runNative(
  graph: Graph,
  feeds: readonly Tensor[],
): Promise<{ readonly native: readonly Tensor[]; readonly elsewhere: readonly string[] }> {
  using session = await createSession(createModel(graph), { backends: [cpu(), reference()] });
  const named = session.inputs.map(({ name }, i) => [name, feedOf(feeds[i])] as const);
  const outputs = await session.run(Object.fromEntries(named));
  recordRun('native', nativeTypes(graph, session));
  const others = session.explain().nodes.filter(({ backend }) => backend !== 'cpu');
  return {
    native: graph.outputs.map(({ name }) => feedOf(outputs[name])),
    elsewhere: others.map(({ op }) => op),
  };
}

/** Runs a graph on the reference backend. */
export function runReference(graph: Graph, feeds: readonly Tensor[]): Promise<readonly Tensor[]> {
  return runOn(reference(), graph, feeds);
}

/** Runs a graph on a backend that supports all of its nodes. */
export async function runOn(
  backend: Backend,
  graph: Graph,
  feeds: readonly Tensor[],
): Promise<readonly Tensor[]> {
  using executable = await backend.compile(wholeGraph(graph));
  const outputs = await executable.run(feeds);
  recordRun(backend.id === 'cpu' ? 'native' : 'dtypes', operandTypes(graph));
  return outputs;
}

/** How onnxruntime runs a model: without graph optimizations, on as many threads as it likes, unless said otherwise. */
export interface OnnxruntimeOptions {
  readonly optimization?: 'disabled' | 'all';
  readonly threads?: number;
}

/** Runs a model in onnxruntime; outputs in the order of the graph's. */
export async function runOnnxruntime(
  model: Uint8Array,
  graph: Graph,
  feeds: readonly Tensor[],
  { optimization = 'disabled', threads = 0 }: OnnxruntimeOptions = {},
): Promise<readonly Tensor[]> {
  const session = await ort.InferenceSession.create(model, {
    graphOptimizationLevel: optimization,
    logSeverityLevel: 3,
    intraOpNumThreads: threads,
  });
  try {
    const named = graph.inputs.map((value, i) => [value.name, ortTensor(feedOf(feeds[i]))] as const);
    const results = await session.run(Object.fromEntries(named));
    return graph.outputs.map((value) => ourTensor(results[value.name], value.name));
  } finally {
    await session.release();
  }
}

function feedOf(tensor: Tensor | undefined): Tensor {
  if (!tensor) throw new Error('an input has no tensor');
  return tensor;
}

function ourTensor(tensor: ort.Tensor | undefined, name: string): Tensor {
  const data = tensor?.data;
  if (!tensor || !isDType(tensor.type) || !ArrayBuffer.isView(data))
    throw new Error(`onnxruntime gave no ${name}`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return tensorFromBytes(tensor.type, [...tensor.dims], bytes);
}
