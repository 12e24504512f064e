import { statSync } from 'node:fs';
import type { Graph, Model } from '@octavo/core/ir';
import type { StoredTensor } from '@octavo/core/tensor';
import { FormatError } from '../format-error.js';
import { SourceStorage } from '../wire/byte-source.js';
import { FileSource } from '../wire/file-source.node.js';

/**
 * Refuses targets that are files the model comes from.
 * @param inputs Paths that the caller knows to be sources; the files that tensors still lie in are found here.
 * @throws FormatError `OUTPUT_IS_INPUT`.
 */
export function refuseSources(model: Model, targets: readonly string[], inputs: readonly string[]): void {
  const sources = new Set(inputs.map(identityOf));
  for (const source of openFiles(model)) sources.add(source.identity);
  for (const target of targets) {
    const identity = identityOf(target);
    if (identity === undefined || !sources.has(identity)) continue;
    throw new FormatError({
      code: 'OUTPUT_IS_INPUT',
      where: target,
      message: 'the output would replace a file that the model is read from.',
      remedy: 'Choose another output path.',
    });
  }
}

/** Paths of the files that a model's tensors lie in: the model itself and its external data. */
export function sourceFiles(model: Model): readonly string[] {
  return [...openFiles(model)].map((source) => source.name);
}

function openFiles(model: Model): ReadonlySet<FileSource> {
  const files = new Set<FileSource>();
  for (const graph of [model.graph, ...model.functions.map((each) => each.graph)]) {
    for (const { storage } of tensorsOf(graph)) {
      if (storage instanceof SourceStorage && storage.source instanceof FileSource) files.add(storage.source);
    }
  }
  return files;
}

function* tensorsOf(graph: Graph): Generator<StoredTensor> {
  for (const value of graph.initializers) if (value.constant) yield value.constant;
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values()) {
      if (attribute.kind === 'tensor') yield attribute.value;
      if (attribute.kind === 'tensors') yield* attribute.value;
    }
    for (const subgraph of node.subgraphs) yield* tensorsOf(subgraph.graph);
  }
}

function identityOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}
