import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Backend, wholeGraph } from '@octavo/backend';
import { type Graph, inferTypes, type Value } from '@octavo/core/ir';
import { OctavoError, type Tensor } from '@octavo/core/tensor';
import { decodeModel, readTensorProto } from '@octavo/formats';
import { testData } from '../../packages/formats/tests/test-data.node.js';
import { difference } from './difference.js';
import { operandTypes, opName } from './evidence.js';

/** Where ONNX's node tests lie, or undefined, said loudly, when this machine does not have them. */
export function nodeTestFolder(): string | undefined {
  return testData('conformance/onnx_node');
}

/** How one node test went; `ops` are those of its model. */
export interface Outcome {
  readonly name: string;
  readonly ops: readonly string[];
  readonly status: 'passed' | 'failed' | 'unsupported';
  /** Element type of the first operand of each op in the model. */
  readonly dtypes: readonly (readonly [op: string, dtype: string])[];
  /** Why it failed or is not supported. */
  readonly detail: string;
}

/** Names of all node tests. */
export function nodeTests(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'model.onnx')))
    .sort();
}

/**
 * Runs one node test: reads the model, infers its types, runs it on the backend, and compares every output with the
 * file's and every inferred type with the tensor that came out.
 */
export async function runNodeTest(folder: string, name: string, backend: Backend): Promise<Outcome> {
  let ops: readonly string[] = [];
  let dtypes: Outcome['dtypes'] = [];
  try {
    const { graph, functions } = decodeModel(readFileSync(join(folder, name, 'model.onnx')));
    ops = opNames(graph);
    const reason = functions.length > 0 ? 'local functions' : unsupportedReason(graph, backend);
    if (reason) return { name, ops, dtypes, status: 'unsupported', detail: reason };
    const detail = await compare(graph, join(folder, name, 'test_data_set_0'), backend);
    dtypes = operandTypes(graph);
    return { name, ops, dtypes, status: detail ? 'failed' : 'passed', detail: detail ?? '' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = error instanceof OctavoError ? error.code : error.name;
    const status = OUT_OF_SCOPE.has(code) ? 'unsupported' : 'failed';
    return { name, ops, dtypes, status, detail: status === 'failed' ? `${code}: ${error.message}` : code };
  }
}

/** Refusals that are no fault: opsets before 7. */
const OUT_OF_SCOPE = new Set(['ONNX_OPSET']);

function opNames(graph: Graph): string[] {
  return [...new Set(graph.nodes.map(opName))].sort();
}

/** Why a backend cannot run a graph, or undefined. */
function unsupportedReason(graph: Graph, backend: Backend): string | undefined {
  const opaque = [...graph.inputs, ...graph.outputs].find((value) => value.type?.kind === 'opaque');
  if (opaque) return `${opaque.name} is no tensor`;
  for (const node of graph.nodes) {
    const support = backend.supports(node, { graph, opset: graph.opsets.get(node.op.domain) ?? graph.opset });
    if (!support.supported) return support.reason;
    for (const { graph: inner } of node.subgraphs) {
      const reason = unsupportedReason(inner, backend);
      if (reason) return reason;
    }
  }
  return undefined;
}

async function compare(graph: Graph, folder: string, backend: Backend): Promise<string | undefined> {
  const inputs = graph.inputs.map((_, i) => readTensorProto(readFileSync(join(folder, `input_${i}.pb`))));
  for (const node of graph.nodes) for (const output of node.outputs) if (output) output.type = undefined;
  inferTypes(graph);
  using executable = await backend.compile(wholeGraph(graph));
  const mistyped: string[] = [];
  const outputs = await executable.run(inputs, (name, tensor) => {
    const value = graph.value(name);
    const wrong = value && typeMismatch(value, tensor);
    if (wrong) mistyped.push(wrong);
  });
  const wrong = outputs.map((tensor, i) => {
    const expected = readTensorProto(readFileSync(join(folder, `output_${i}.pb`)));
    const found = difference(expected, tensor);
    return found && `${graph.outputs[i]?.name}: ${found}`;
  });
  return [...wrong, ...mistyped].find((each) => each !== undefined);
}

/** Where the inferred type of a value contradicts what was computed. */
function typeMismatch(value: Value, tensor: Tensor): string | undefined {
  const type = value.tensorType;
  if (!type) return undefined;
  const fits =
    type.dtype === tensor.dtype &&
    (!type.shape ||
      (type.shape.length === tensor.shape.length &&
        type.shape.every((dim, axis) => typeof dim !== 'number' || dim === tensor.shape[axis])));
  if (fits) return undefined;
  return `${value.name} is inferred ${type.dtype}[${type.shape}] and computed ${tensor.dtype}[${tensor.shape}]`;
}
