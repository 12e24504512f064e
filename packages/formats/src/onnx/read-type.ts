import { type Dim, tensorType, type ValueType } from '@octavo/core/ir';
import { dtypeFromOnnx } from '@octavo/core/tensor';
import { MemorySource } from '../wire/byte-source.js';
import { Cursor } from '../wire/cursor.js';
import { decodeMessage } from '../wire/decode-message.js';
import { type ReadContext, readError } from './read-context.js';
import { type DimensionProto, TYPE, type ValueInfoProto } from './schema.js';

type TypeContext = Pick<ReadContext, 'source' | 'notice'>;

/** Reads the types of a graph's values; many of them are encoded alike. */
export class TypeReader {
  private readonly context: TypeContext;
  private readonly known = new Map<string, ValueType>();

  constructor(context: TypeContext) {
    this.context = context;
  }

  /** The type that a file gives for a value; equal types may be one object. */
  read({ type: span, name }: ValueInfoProto): ValueType | undefined {
    if (!span || span.length === 0) return undefined;
    const encoded = this.context.source.readSync(span.offset, span.length);
    const key: string | undefined =
      span.length > LONGEST_KEY ? undefined : Reflect.apply(String.fromCharCode, undefined, encoded);
    const known = key === undefined ? undefined : this.known.get(key);
    if (known) return known;
    const type = readType(this.context, encoded.slice(), `value ${name ?? ''}`);
    if (type && key !== undefined) this.known.set(key, type);
    return type;
  }
}

/** Types of more bytes are not compared. */
const LONGEST_KEY = 128;

/**
 * The type of a value from its encoded TypeProto; undefined when the file leaves it open.
 * @throws FormatError `ONNX_DTYPE` for an element type that does not exist.
 */
export function readType(
  context: TypeContext,
  encoded: Uint8Array | undefined,
  place: string,
): ValueType | undefined {
  if (!encoded || encoded.length === 0) return undefined;
  const source = new MemorySource(encoded, `${context.source.name}, ${place}`);
  const proto = decodeMessage(new Cursor(source), TYPE, encoded.length);
  if (proto.denotation) context.notice('type denotations are left out');
  if (!proto.tensorType) {
    const opaque =
      proto.sequenceType ?? proto.mapType ?? proto.opaqueType ?? proto.sparseTensorType ?? proto.optionalType;
    return opaque && { kind: 'opaque', encoded };
  }
  const code = Number(proto.tensorType.elemType ?? 0);
  if (code === 0) return undefined;
  const dtype = dtypeFromOnnx(code);
  if (!dtype) throw readError(context, 'ONNX_DTYPE', place, `the element type ${code} is not known.`);
  return tensorType(dtype, proto.tensorType.shape?.dim.map(readDim));
}

/** Exporters write -1 for a size that is not known; so do we read it. */
function readDim(proto: DimensionProto): Dim {
  if (proto.dimValue !== undefined) {
    const size = Number(proto.dimValue);
    return Number.isSafeInteger(size) && size >= 0 ? size : null;
  }
  return proto.dimParam || null;
}
