import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Int } from '@octavo/core/ir';
import type { Storage } from '@octavo/core/tensor';
import type { Field, MessageType, Span } from './message-type.js';

/** Bytes of a message: in memory, or read from their storage only when they are written out. */
export type Payload = Uint8Array | Storage;

/**
 * A message to be written: a table's message type with payloads in place of spans and everything optional.
 * A `self` payload is the whole encoded message and stands alone.
 */
export type Encodable<V> = V extends Span
  ? Payload
  : V extends Uint8Array | string | number | bigint
    ? V
    : V extends readonly (infer E)[]
      ? readonly Encodable<E>[]
      : V extends object
        ? { readonly [K in keyof V]?: Encodable<V[K]> | undefined }
        : V;

/** An encoded message: its length in bytes and the pieces to write one after another. */
export interface Encoded {
  readonly length: number;
  readonly parts: readonly Payload[];
}

/** Encodes a message in field order; equal messages give equal bytes. */
export function encodeMessage<T extends object>(type: MessageType<T>, message: Encodable<T>): Encoded {
  const rope = new Rope();
  const properties = message as Readonly<Record<string, unknown>>;
  for (const field of type.fields) {
    const value = properties[field.key];
    if (value === undefined) continue;
    for (const each of field.repeated ? (value as readonly unknown[]) : [value])
      writeField(rope, field, each);
  }
  return rope.finish();
}

function writeField(rope: Rope, field: Field<unknown>, value: unknown): void {
  const { number, kind } = field;
  switch (kind) {
    case 'int':
      rope.writer.tag(number, WireType.Varint).int64(value as Int);
      return;
    case 'float':
      rope.writer.tag(number, WireType.Bit32).float(Math.fround(value as number));
      return;
    case 'string':
      rope.writer.tag(number, WireType.LengthDelimited).string(value as string);
      return;
    case 'self':
      rope.append([value as Payload]);
      return;
    case 'message': {
      const type = typeof field.type === 'function' ? field.type() : field.type;
      const encoded = type ? encodeMessage(type, value as object) : { length: 0, parts: [] };
      rope.writer.tag(number, WireType.LengthDelimited).uint64(encoded.length);
      rope.append(encoded.parts);
      return;
    }
    default:
      rope.writer.tag(number, WireType.LengthDelimited).uint64((value as Payload).byteLength);
      rope.append([value as Payload]);
  }
}

const COPIED_BYTES = 4096;

/** Collects pieces: short ones are copied together, long ones are kept as they are. */
class Rope {
  readonly writer = new BinaryWriter();
  private readonly parts: Payload[] = [];
  private length = 0;

  append(parts: readonly Payload[]): void {
    for (const part of parts) {
      if (part instanceof Uint8Array && part.byteLength <= COPIED_BYTES) this.writer.raw(part);
      else {
        this.flush();
        this.parts.push(part);
        this.length += part.byteLength;
      }
    }
  }

  finish(): Encoded {
    this.flush();
    return { length: this.length, parts: this.parts };
  }

  private flush(): void {
    const bytes = this.writer.finish();
    if (bytes.length === 0) return;
    this.parts.push(bytes);
    this.length += bytes.length;
  }
}
