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
      const tag = cursor.next(end);
      const field = type.byNumber[tag >>> 3];
      const wireType: WireType = tag & 7;
      if (!field) {
        this.unknown(type.name, tag >>> 3);
        cursor.skip(wireType, end);
        continue;
      }
      const { key, kind, repeated } = field;
      if (repeated) {
        cursor.left -= ELEMENT_COST;
        if (cursor.left < 0) throw cursor.exhausted(cursor.behindTag(wireType));
      }
      let value: unknown;
      // What most fields are is told apart here: another call for each field would take long.
      if (wireType === WireType.Varint && kind === 'int') value = cursor.value;
      else if (wireType !== WireType.LengthDelimited) value = this.readOther(field, wireType, end);
      else if (kind === 'string') value = cursor.text(cursor.stop);
      else if (field.type) {
        const inner = typeof field.type === 'function' ? field.type() : field.type;
        value = this.read(inner, cursor.stop, depth + 1);
      } else if (kind === 'span') value = cursor.span(cursor.stop);
      else if (repeated && (kind === 'int' || kind === 'float')) {
        this.readRun(kind, cursor.stop, elementsOf(message, key));
        continue;
      } else value = this.readOther(field, wireType, end);
      if (!repeated) message[key] = value;
      else if (message[key] === NO_ELEMENTS) message[key] = [value];
      else (message[key] as unknown[]).push(value);
    }
    return message;
  }

  private readRun(kind: 'int' | 'float', stop: number, into: unknown[]): void {
    const { cursor } = this;
    while (cursor.position < stop) {
      cursor.charge(ELEMENT_COST);
      into.push(kind === 'int' ? cursor.int(stop) : cursor.float(stop));
    }
  }

  private readOther({ kind, number, fixed }: Field<unknown>, wireType: WireType, end: number): unknown {
    const { cursor } = this;
    const isDelimited = wireType === WireType.LengthDelimited;
    if (isDelimited && kind === 'bytes') return cursor.bytes(cursor.stop);
    if (isDelimited && kind === 'packed') return cursor.span(cursor.stop);
    if (isDelimited && kind === 'later') return cursor.spanToRead(cursor.stop);
    if (kind === 'float' && wireType === WireType.Bit32) return cursor.float(end);
    const offset = cursor.behindTag(wireType);
    if (kind === 'packed' && wireType === unpackedType(fixed)) {
      cursor.skip(wireType, end);
      cursor.charge(MESSAGE_COST);
      return { offset, length: cursor.position - offset };
    }
    throw cursor.error('ONNX_NOT_A_MODEL', `field ${number} has the wire type ${wireType}.`, offset);
  }
}

/** The elements of a repeated field so far, to add to. */
function elementsOf(message: Message, key: string): unknown[] {
  const elements = message[key];
  if (elements !== NO_ELEMENTS) return elements as unknown[];
  const first: unknown[] = [];
  message[key] = first;
  return first;
}

/** How one number of a `packed` field travels by itself. */
function unpackedType(fixed: 4 | 8 | undefined): WireType {
  return fixed === 4 ? WireType.Bit32 : fixed === 8 ? WireType.Bit64 : WireType.Varint;
}
