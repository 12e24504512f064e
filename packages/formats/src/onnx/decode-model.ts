import { canonicalDomain, type Model, OpRegistry, standardRegistry } from '@octavo/core/ir';
import { FormatError } from '../format-error.js';
import { type ByteSource, MemorySource } from '../wire/byte-source.js';
import { Cursor } from '../wire/cursor.js';
import { decodeMessage } from '../wire/decode-message.js';
import { DEFAULT_LIMITS, type ReadLimits } from '../wire/read-limits.js';
import { readEntries } from './entries.js';
import type { ExternalData, ReadContext } from './read-context.js';
import { readFunction } from './read-function.js';
import { readGraph } from './read-graph.js';
import { readOpsets } from './read-opsets.js';
import { MODEL, type ModelProto } from './schema.js';

/** Its definitions are for all models; stand-ins of unknown ops are for each model its own. */
const STANDARD = standardRegistry();

export interface DecodeOptions {
  /** Op definitions (default: Octavo's standard ones). */
  readonly registry?: OpRegistry | undefined;
  /** Finds files of external tensors; without it such tensors are refused. */
  readonly externalData?: ExternalData | undefined;
  /** Told once about each kind of thing that was left out or assumed. */
  readonly onNotice?: ((text: string) => void) | undefined;
  readonly limits?: ReadLimits | undefined;
  /**
   * Inputs that have an initializer, and so a default, from IR version 4 on: `fix` (default) reads them as constants,
   * `keep` leaves them inputs whose value has a constant.
   */
  readonly constantInputs?: 'fix' | 'keep' | undefined;
}

/**
 * Reads an ONNX model from memory, or from any source with random access. Elements of large tensors are indexed,
 * not read.
 * @throws FormatError with codes `ONNX_*`, GraphError for graphs that are not in SSA form.
 */
export function decodeModel(bytes: Uint8Array | ByteSource, options: DecodeOptions = {}): Model {
  const source = bytes instanceof Uint8Array ? new MemorySource(bytes) : bytes;
  const notice = onceEach(options.onNotice ?? (() => {}));
  const proto = decodeMessage(
    new Cursor(source, 0, options.limits ?? DEFAULT_LIMITS),
    MODEL,
    source.byteLength,
    (message, number) => notice(`field ${number} of ${message} is left out`),
  );
  const functions = new Set(
    proto.functions.map((each) => `${canonicalDomain(each.domain ?? '')}::${each.name ?? ''}`),
  );
  return readModel(proto, {
    source,
    notice,
    functions,
    externalData: options.externalData,
    irVersion: Number(proto.irVersion ?? 0),
    keepConstantInputs: options.constantInputs === 'keep',
    registry: options.registry ?? new OpRegistry(STANDARD),
  });
}

function readModel(proto: ModelProto, context: ReadContext): Model {
  if (!proto.graph || context.irVersion < 1 || context.irVersion > 1000) {
    throw new FormatError({
      code: 'ONNX_NOT_A_MODEL',
      where: context.source.name,
      message: `it has ${proto.graph ? 'no valid IR version' : 'no graph'}, as every ONNX model has.`,
      remedy: 'Check that the file is an ONNX model and that it was downloaded whole.',
    });
  }
  if (proto.trainingInfo.length > 0) context.notice('training information is left out');
  if (proto.configuration.length > 0) context.notice('device configurations are left out');
  const opsets = readOpsets(context, proto.opsetImport, proto.graph.node);
  return {
    graph: readGraph(context, proto.graph, opsets),
    functions: proto.functions.map((each) => readFunction(context, each)),
    irVersion: context.irVersion,
    producerName: proto.producerName ?? '',
    producerVersion: proto.producerVersion ?? '',
    domain: proto.domain ?? '',
    modelVersion: proto.modelVersion ?? 0,
    docString: proto.docString ?? '',
    metadata: new Map(readEntries(proto.metadataProps)),
  };
}

function onceEach(tell: (text: string) => void): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text)) return;
    told.add(text);
    tell(text);
  };
}
