import { GraphError, OctavoError } from '../tensor/index.js';
import type { Graph } from './graph.js';
import type { Node } from './node.js';
import type { Pass, PassLog } from './pass.js';
import { verify } from './verify.js';

/** What one pass did to a graph. */
export interface PassRecord {
  readonly pass: string;
  readonly changed: boolean;
  readonly fired: readonly { readonly rule: string; readonly place: string }[];
  readonly declined: readonly { readonly rule: string; readonly place: string; readonly reason: string }[];
}

export interface RunPassesOptions {
  /** Check every invariant of the graph after every pass (default false). */
  readonly verify?: boolean | undefined;
}

/**
 * Runs passes in order, each on the graph and then on its subgraphs, and tells what each did.
 * @throws GraphError naming the pass that failed and those that ran before it; `cause` is the original error and
 *   `code` its code (`PASS_FAILED` when it had none).
 */
export async function runPasses(
  graph: Graph,
  passes: readonly Pass[],
  options: RunPassesOptions = {},
): Promise<PassRecord[]> {
  const records: PassRecord[] = [];
  for (const pass of passes) {
    const recorder = new Recorder();
    try {
      const changed = await runDeep(graph, pass, recorder, options);
      records.push({ pass: pass.name, changed, fired: recorder.firings, declined: recorder.refusals });
    } catch (error) {
      throw placed(
        error,
        pass,
        records.map((record) => record.pass),
      );
    }
  }
  return records;
}

class Recorder implements PassLog {
  readonly firings: { rule: string; place: string }[] = [];
  readonly refusals: { rule: string; place: string; reason: string }[] = [];

  fired(rule: string, place: string): void {
    this.firings.push({ rule, place });
  }

  declined(rule: string, place: string, reason: string): void {
    this.refusals.push({ rule, place, reason });
  }
}

async function runDeep(graph: Graph, pass: Pass, log: PassLog, options: RunPassesOptions): Promise<boolean> {
  pass.requires?.(graph);
  let changed = await pass.run(graph, log);
  if (options.verify) verify(graph);
  pass.ensures?.(graph);
  for (const node of graph.nestingNodes) {
    for (const { graph: inner } of node.subgraphs) {
      changed = (await runInside(node, inner, pass, log, options)) || changed;
    }
  }
  return changed;
}

/** A graph inside that does not fit the types of what it captures is left alone: it may never be run. */
async function runInside(
  node: Node,
  inner: Graph,
  pass: Pass,
  log: PassLog,
  options: RunPassesOptions,
): Promise<boolean> {
  try {
    return await runDeep(inner, pass, log, options);
  } catch (error) {
    if (!(error instanceof GraphError) || error.code !== 'INFER_TYPES') throw error;
    log.declined(pass.name, node.label, error.fault);
    return false;
  }
}

function placed(error: unknown, pass: Pass, before: readonly string[]): GraphError {
  const known = error instanceof OctavoError ? error : undefined;
  const history = before.length > 0 ? `after ${before.join(', ')}` : 'the first to run';
  return new GraphError({
    code: known?.code ?? 'PASS_FAILED',
    where: `pass ${pass.name} (${history})${known?.where ? `: ${known.where}` : ''}`,
    message: known?.fault ?? String(error instanceof Error ? error.message : error),
    remedy: known?.remedy,
    cause: error,
  });
}
