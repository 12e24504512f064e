import { WireType } from '@bufbuild/protobuf/wire';
import type { Cursor } from './cursor.js';
import { type Field, type MessageType, NO_ELEMENTS } from './message-type.js';

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
): T {
  return new MessageDecoder(cursor, unknown).read(type, end, 0) as T;
}

type Message = Record<string, unknown>;

class MessageDecoder {
  private readonly cursor: Cursor;
  private readonly unknown: (message: string, fieldNumber: number) => void;

  constructor(cursor: Cursor, unknown: (message: string, fieldNumber: number) => void) {
    this.cursor = cursor;
    this.unknown = unknown;
  }

  read(type: MessageType<object>, end: number, depth: number): Message {
    const { cursor } = this;
    if (depth > cursor.limits.depth) {
      throw cursor.error('ONNX_NESTING', `messages are nested more than ${cursor.limits.depth} deep.`);
    }
    cursor.charge(MESSAGE_COST);
    const message = new type.Message();
    if (type.self !== undefined)
      message[type.self] = { offset: cursor.position, length: end - cursor.position };
    while (cursor.position < end) {
      const tag = cursor.tag(end);
      const entry = type.byNumber[tag >>> 3];
      if (!entry) {
        this.unknown(type.name, tag >>> 3);
        cursor.skip(tag & 7, end);
        continue;
      }
      const key = entry[0];
      const field = entry[1];
      if (!field.repeated) {
        message[key] = this.readOne(field, tag & 7, end, depth);
        continue;
      }
      let elements = message[key];
      if (elements === NO_ELEMENTS) message[key] = elements = [];
      this.readElements(field, tag & 7, end, depth, elements as unknown[]);
    }
    return message;
  }

  private readElements(
    field: Field<unknown>,
    wireType: WireType,
    end: number,
    depth: number,
    into: unknown[],
  ): void {
    const { cursor } = this;
    const { kind } = field;
    cursor.charge(ELEMENT_COST);
    if (wireType !== WireType.LengthDelimited || (kind !== 'int' && kind !== 'float')) {
      into.push(this.readOne(field, wireType, end, depth));
      return;
    }
    const stop = cursor.delimited(end);
    while (cursor.position < stop) {
      cursor.charge(ELEMENT_COST);
      into.push(kind === 'int' ? cursor.int(stop) : cursor.float(stop));
    }
  }

  private readOne(field: Field<unknown>, wireType: WireType, end: number, depth: number): unknown {
    const { cursor } = this;
    const { kind } = field;
    if (kind === 'packed') return packedSpan(cursor, field, wireType, end);
    if (kind === 'self' || WIRE_TYPES[kind] !== wireType) {
      throw cursor.error('ONNX_NOT_A_MODEL', `field ${field.number} has the wire type ${wireType}.`);
    }
    switch (kind) {
      case 'string':
        return cursor.string(end);
      case 'int':
        return cursor.int(end);
      case 'float':
        return cursor.float(end);
      case 'bytes':
        return cursor.bytes(end);
      case 'message':
        return field.type && this.read(field.type(), cursor.delimited(end), depth + 1);
      case 'span': {
        const span = cursor.span(end);
        cursor.advance(span.length, end);
        return span;
      }
    }
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
