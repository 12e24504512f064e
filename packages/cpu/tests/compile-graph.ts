import { type CompileOptions, type Executable, wholeGraph } from '@octavo/backend';
import { type Graph, inferTypes, parse } from '@octavo/core/ir';
import { cpu } from '../src/backend/cpu.js';

/** A graph with its types, from the text between its braces. */
export function graphOf(lines: readonly string[]): Graph {
  const graph = parse(`graph opset 21 {\n${lines.join('\n')}\n}`);
  inferTypes(graph);
  return graph;
}

/** A whole graph on the CPU backend. */
export function compileGraph(graph: Graph, options?: CompileOptions, backend = cpu()): Promise<Executable> {
  return backend.compile(wholeGraph(graph), options);
}
