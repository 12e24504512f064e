import type { Int } from '@octavo/core/ir';

/** A range of bytes in the source that a message was read from. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/**
 * How one field travels. `int` covers every varint, `packed` numbers that stay encoded (their spans, joined, are the
 * packed form whatever form the file uses), `span` bytes that are indexed instead of read, `self` the span of the
 * whole message.
 */
export type FieldKind = 'int' | 'float' | 'string' | 'bytes' | 'span' | 'packed' | 'self' | 'message';

/** One field of a message; `V` is the type of the property that holds it. */
export interface Field<V> {
  readonly number: number;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  /** For `packed`: how one unpacked element is laid out. */
  readonly fixed?: 4 | 8 | undefined;
  readonly type?: (() => MessageType<object>) | undefined;
  /** Never present: carries `V` to the compiler. */
  readonly phantom?: V;
}

export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** A protobuf message as a table: field numbers, kinds and property names. */
export interface MessageType<T extends object> {
  readonly name: string;
  /** In field order, which is the order they are written in. */
  readonly fields: readonly FieldEntry[];
  /** The fields that travel; places without one are undefined. */
  readonly byNumber: readonly (FieldEntry | undefined)[];
  /** Makes a message without any field: {@link NO_ELEMENTS} where a field is repeated. */
  readonly Message: new () => Record<string, unknown>;
  /** The property that holds the span of the whole message, where there is one. */
  readonly self: string | undefined;
  /** Never present: carries `T` to the compiler. */
  readonly phantom?: T;
}

/** A property's name and its field. */
export type FieldEntry = readonly [string, Field<unknown>];

/** What a repeated field without elements has; shared, and never written to. */
export const NO_ELEMENTS: readonly never[] = Object.freeze([]);

export function messageType<T extends object>(name: string, fields: Fields<T>): MessageType<T> {
  const entries = Object.entries<Field<unknown>>(fields);
  entries.sort(([, a], [, b]) => a.number - b.number);
  const byNumber: (FieldEntry | undefined)[] = [];
  for (const entry of entries) if (entry[1].kind !== 'self') byNumber[entry[1].number] = entry;
  return {
    name,
    fields: entries,
    byNumber,
    Message: messageClass(entries),
    self: entries.find(([, { kind }]) => kind === 'self')?.[0],
  };
}

/** Messages of a class of their own hold the fields that were there; they inherit the others, most of them. */
function messageClass(entries: readonly FieldEntry[]): new () => Record<string, unknown> {
  class Message {
    [key: string]: unknown;
  }
  for (const [key, { repeated }] of entries) Message.prototype[key] = repeated ? NO_ELEMENTS : undefined;
  return Message;
}

/** Field builders; the argument is the field number. */
export const field = {
  int: (number: number): Field<Int | undefined> => ({ number, kind: 'int', repeated: false }),
  float: (number: number): Field<number | undefined> => ({ number, kind: 'float', repeated: false }),
  string: (number: number): Field<string | undefined> => ({ number, kind: 'string', repeated: false }),
  bytes: (number: number): Field<Uint8Array | undefined> => ({ number, kind: 'bytes', repeated: false }),
  span: (number: number): Field<Span | undefined> => ({ number, kind: 'span', repeated: false }),
  self: (): Field<Span | undefined> => ({ number: 0, kind: 'self', repeated: false }),
  message: <T extends object>(number: number, type: () => MessageType<T>): Field<T | undefined> => ({
    number,
    kind: 'message',
    repeated: false,
    type,
  }),
  repeated: {
    int: (number: number): Field<readonly Int[]> => ({ number, kind: 'int', repeated: true }),
    float: (number: number): Field<readonly number[]> => ({ number, kind: 'float', repeated: true }),
    string: (number: number): Field<readonly string[]> => ({ number, kind: 'string', repeated: true }),
    bytes: (number: number): Field<readonly Uint8Array[]> => ({ number, kind: 'bytes', repeated: true }),
    packed: (number: number, fixed?: 4 | 8): Field<readonly Span[]> => ({
      number,
      kind: 'packed',
      repeated: true,
      fixed,
    }),
    message: <T extends object>(number: number, type: () => MessageType<T>): Field<readonly T[]> => ({
      number,
      kind: 'message',
      repeated: true,
      type,
    }),
  },
} as const;
