import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '@octavo/backend';
import { SUPPORTED_DTYPES } from '@octavo/conformance';
import { type Graph, type Model, standardOps, type Value } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { readTensorProto } from '@octavo/formats';
import { loadOnnx } from '@octavo/formats/node';
import { createSession } from '@octavo/runtime';
import { difference } from './difference.js';
import { nativeTypes, opName } from './evidence.js';

export const STATUSES = ['passed', 'failed', 'out of scope', 'unregistered'] as const;
export type Status = (typeof STATUSES)[number];

/** How one model with its test sets went in a session. */
export interface ModelOutcome {
  readonly name: string;
  /** Ops of the model, subgraphs included. */
  readonly ops: readonly string[];
  readonly status: Status;
  /** Ops that native kernels ran, with the element types of their first operands. */
  readonly native?: readonly (readonly [op: string, dtype: string])[];
  readonly detail: string;
}

/** Folders below `root`, itself included, that hold a `model.onnx` with `test_data_set_*` beside it. */
export function modelTests(root: string): string[] {
  const found = existsSync(join(root, 'model.onnx')) && dataSets(root).length > 0 ? [root] : [];
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...found, ...folders.flatMap(({ name }) => modelTests(join(root, name)))];
}

function dataSets(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('test_data_set_'))
    .sort();
}

/** Runs every test set of a folder in a session on these backends. */
export async function runModelTest(folder: string, backends: readonly Backend[]): Promise<ModelOutcome> {
  const name = folder.split('/').at(-1) ?? folder;
  let ops: readonly string[] = [];
  try {
    const model = await loadOnnx(join(folder, 'model.onnx'));
    ops = [...new Set(nodesOf(model.graph).map(opName))];
    const reason = outOfScope(model);
    if (reason) return { name, ops, status: 'out of scope', detail: reason };
    const unknown = model.functions.length === 0 ? unregistered(model.graph) : undefined;
    if (unknown) return { name, ops, status: 'unregistered', detail: unknown };
    using session = await createSession(model, { backends });
    for (const set of dataSets(folder)) {
      const read = (kind: string, count: number) =>
        Array.from({ length: count }, (_, i) =>
          readTensorProto(readFileSync(join(folder, set, `${kind}_${i}.pb`))),
        );
      const inputs = read('input', session.inputs.length);
      const feeds = Object.fromEntries(session.inputs.map((port, i) => [port.name, inputs[i]]));
      const found = await session.run(feeds as Parameters<typeof session.run>[0]);
      const expected = read('output', session.outputs.length);
      for (const [i, port] of session.outputs.entries()) {
        const [a, b] = [expected[i], found[port.name]];
        const wrong = a && b ? difference(a, b) : 'it is missing';
        if (wrong) return { name, ops, status: 'failed', detail: `${set}: ${port.name}: ${wrong}` };
      }
    }
    return { name, ops, status: 'passed', native: nativeTypes(model.graph, session), detail: '' };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const old = error instanceof OctavoError && error.code === 'ONNX_OPSET';
    return {
      name,
      ops,
      status: old ? 'out of scope' : 'failed',
      detail: old ? 'opsets before 7' : error.message,
    };
  }
}

const TRAINING = 'training draws random numbers or changes weights';

/** Why a test is about something that Octavo does not compute with. */
function outOfScope({ graph }: Model): string | undefined {
  const values = [
    ...graph.inputs,
    ...graph.outputs,
    ...nodesOf(graph).flatMap((node) => [...node.inputs, ...node.outputs]),
  ];
  const strange = values.find((value) => value && !isSupported(value));
  if (strange) return `${typeName(strange)} values`;
  const training = nodesOf(graph).some((node) => node.op.name === 'Dropout' && node.inputs[2] !== undefined);
  return training ? TRAINING : undefined;
}

function isSupported(value: Value): boolean {
  return value.type === undefined || (value.dtype !== undefined && SUPPORTED_DTYPES.includes(value.dtype));
}

function typeName({ type, dtype }: Value): string {
  return type?.kind === 'opaque' ? 'non-tensor' : (dtype ?? 'untyped');
}

function unregistered(graph: Graph): string | undefined {
  const registered = new Set(standardOps.map((op) => `${op.domain}/${op.name}`));
  const node = nodesOf(graph).find(({ op }) => !registered.has(`${op.domain}/${op.name}`));
  return node && `${opName(node)} is not registered`;
}

function nodesOf(graph: Graph): Graph['nodes'] {
  return graph.nodes.flatMap((node) => [node, ...node.subgraphs.flatMap((inner) => nodesOf(inner.graph))]);
}
