import { WireType } from '@bufbuild/protobuf/wire';
import type { Cursor } from './cursor.js';
import type { Field, MessageType } from './message-type.js';

const MESSAGE_COST = 256;
const ELEMENT_COST = 16;

/**
 * Reads one message that ends at `end`. Fields that the table does not name are passed over and told to `unknown`.
 * @throws FormatError `ONNX_TRUNCATED`, `ONNX_NOT_A_MODEL`, `ONNX_NESTING`, `ONNX_TOO_LARGE`, `ONNX_TEXT`.
 */
export function decodeMessage<T extends object>(
  cursor: Cursor,
  type: MessageType<T>,
  end: number,
  unknown: (message: string, fieldNumber: number) => void = () => {},
  depth = 0,
): T {
  if (depth > cursor.limits.depth) {
    throw cursor.error('ONNX_NESTING', `messages are nested more than ${cursor.limits.depth} deep.`);
  }
  cursor.charge(MESSAGE_COST);
  const message = blank(cursor, type, end);
  const nested = (length: number, of: MessageType<object>): object =>
    decodeMessage(cursor, of, cursor.position + length, unknown, depth + 1);
  while (cursor.position < end) {
    const [number, wireType] = cursor.tag(end);
    const entry = type.byNumber.get(number);
    if (!entry || entry[1].kind === 'self') {
      unknown(type.name, number);
      cursor.skip(wireType, end);
      continue;
    }
    const [key, field] = entry;
    if (field.repeated) readElements(cursor, field, wireType, end, message[key] as unknown[], nested);
    else message[key] = readOne(cursor, field, wireType, end, nested);
  }
  return message as T;
}

type Nested = (length: number, type: MessageType<object>) => object;

function blank<T extends object>(cursor: Cursor, type: MessageType<T>, end: number): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  const self = { offset: cursor.position, length: end - cursor.position };
  for (const [key, field] of type.fields) {
    message[key] = field.repeated ? [] : field.kind === 'self' ? self : undefined;
  }
  return message;
}

function readElements(
  cursor: Cursor,
  field: Field<unknown>,
  wireType: WireType,
  end: number,
  into: unknown[],
  nested: Nested,
): void {
  cursor.charge(ELEMENT_COST);
  const scalar = field.kind === 'int' || field.kind === 'float';
  if (!scalar || wireType !== WireType.LengthDelimited) {
    into.push(readOne(cursor, field, wireType, end, nested));
    return;
  }
  const { offset, length } = cursor.span(end);
  const stop = offset + length;
  while (cursor.position < stop) {
    cursor.charge(ELEMENT_COST);
    into.push(field.kind === 'int' ? cursor.int(stop) : cursor.float(stop));
  }
}

const WIRE_TYPES: Readonly<Record<Exclude<Field<unknown>['kind'], 'packed' | 'self'>, WireType>> = {
  int: WireType.Varint,
  float: WireType.Bit32,
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  span: WireType.LengthDelimited,
  message: WireType.LengthDelimited,
};

function readOne(
  cursor: Cursor,
  field: Field<unknown>,
  wireType: WireType,
  end: number,
  nested: Nested,
): unknown {
  if (field.kind === 'packed') return packedSpan(cursor, field, wireType, end);
  if (field.kind === 'self' || WIRE_TYPES[field.kind] !== wireType) {
    throw cursor.error('ONNX_NOT_A_MODEL', `field ${field.number} has the wire type ${wireType}.`);
  }
  if (field.kind === 'int') return cursor.int(end);
  if (field.kind === 'float') return cursor.float(end);
  if (field.kind === 'string') return cursor.string(end);
  if (field.kind === 'bytes') return cursor.bytes(end);
  const span = cursor.span(end);
  if (field.type) return nested(span.length, field.type());
  cursor.advance(span.length, end);
  return span;
}

/** The encoded element or run of elements. */
function packedSpan(cursor: Cursor, field: Field<unknown>, wireType: WireType, end: number) {
  if (wireType === WireType.LengthDelimited) {
    const span = cursor.span(end);
    cursor.advance(span.length, end);
    return span;
  }
  const expected = field.fixed === 4 ? WireType.Bit32 : field.fixed === 8 ? WireType.Bit64 : WireType.Varint;
  if (wireType !== expected) {
    throw cursor.error('ONNX_NOT_A_MODEL', `field ${field.number} has the wire type ${wireType}.`);
  }
  const offset = cursor.position;
  cursor.skip(wireType, end);
  cursor.charge(MESSAGE_COST);
  return { offset, length: cursor.position - offset };
}
