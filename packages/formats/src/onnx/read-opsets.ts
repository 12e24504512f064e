import { canonicalDomain } from '@octavo/core/ir';
import { type ReadContext, readError } from './read-context.js';
import type { NodeProto, OperatorSetProto } from './schema.js';

const OLDEST_OPSET = 7;
const NEWEST_OPSET = 28;

/** The newest opset that could be written with an IR version (ONNX's table of released versions). */
const NEWEST_OF_IR: ReadonlyMap<number, number> = new Map([
  [3, 8],
  [4, 9],
  [5, 10],
  [6, 11],
  [7, 14],
  [8, 18],
  [9, 20],
  [10, 22],
  [11, 23],
  [12, 24],
  [13, 25],
]);

/**
 * The version of each op domain. A domain that nodes use and the file does not import is assumed: ONNX's own at the
 * newest version of the file's IR, others at 1.
 * @throws FormatError `ONNX_OPSET` outside versions 7 to 28.
 */
export function readOpsets(
  context: Pick<ReadContext, 'source' | 'irVersion' | 'notice'>,
  imports: readonly OperatorSetProto[],
  nodes: readonly NodeProto[],
  place = 'opset import',
): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of imports) {
    const key = canonicalDomain(domain ?? '');
    const number = Number(version ?? 0);
    if (number < 1 || (key === '' && (number < OLDEST_OPSET || number > NEWEST_OPSET))) {
      const message = `version ${number} of ${key || 'ai.onnx'}; Octavo reads opsets ${OLDEST_OPSET} to ${NEWEST_OPSET}.`;
      throw readError(
        context,
        'ONNX_OPSET',
        place,
        message,
        "Convert the model with ONNX's version converter.",
      );
    }
    opsets.set(key, Math.max(number, opsets.get(key) ?? 0));
  }
  for (const domain of usedDomains(nodes)) {
    if (opsets.has(domain)) continue;
    const version = domain === '' ? (NEWEST_OF_IR.get(context.irVersion) ?? NEWEST_OPSET) : 1;
    context.notice(`${domain || 'ai.onnx'} is not imported; version ${version} is assumed`);
    opsets.set(domain, version);
  }
  return opsets;
}

function usedDomains(nodes: readonly NodeProto[], found = new Set<string>()): ReadonlySet<string> {
  let last: string | undefined;
  for (const { domain = '', attribute } of nodes) {
    if (domain !== last) found.add(canonicalDomain(domain));
    last = domain;
    for (const { g, graphs } of attribute) {
      if (g) usedDomains(g.node, found);
      for (const graph of graphs) usedDomains(graph.node, found);
    }
  }
  return found;
}
