import type { Int } from '@octavo/core/ir';

/** A range of bytes in the source that a message was read from. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/**
 * How one field travels. `int` covers every varint, `packed` numbers that stay encoded (their spans, joined, are the
 * packed form whatever form the file uses), `span` bytes that are indexed instead of read, `later` a message whose bytes
 * are indexed and count as memory, since they are read and kept later, `self` the span of the whole message.
 */
export type FieldKind =
  | 'int'
  | 'float'
  | 'string'
  | 'bytes'
  | 'span'
  | 'packed'
  | 'later'
  | 'self'
  | 'message';

/** One field of a message; `V` is the type of the property that holds it. */
export interface Field<V> {
  readonly number: number;
  readonly kind: FieldKind;
  readonly repeated: boolean;
  /** For `packed`: how one unpacked element is laid out. */
  readonly fixed?: 4 | 8 | undefined;
  /** For `message`: its type, or what gives it where types hold each other. */
  readonly type?: MessageType<object> | (() => MessageType<object>) | undefined;
  /** Never present: carries `V` to the compiler. */
  readonly phantom?: V;
}

export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** A protobuf message as a table: field numbers, kinds and property names. */
export interface MessageType<T extends object> {
  readonly name: string;
  /** In field order, which is the order they are written in. */
  readonly fields: readonly NamedField[];
  /** The fields that travel; places without one are undefined. */
  readonly byNumber: readonly (NamedField | undefined)[];
  /** Makes a message without any field: {@link NO_ELEMENTS} where a field is repeated. */
  readonly Message: new () => Record<string, unknown>;
  /** The property that holds the span of the whole message, where there is one. */
  readonly self: string | undefined;
  /** Never present: carries `T` to the compiler. */
  readonly phantom?: T;
}

/** A field and the property that holds it. */
export interface NamedField extends Field<unknown> {
  readonly key: string;
}

/** What a repeated field without elements has; shared, and never written to. */
export const NO_ELEMENTS: readonly never[] = Object.freeze([]);

export function messageType<T extends object>(name: string, fields: Fields<T>): MessageType<T> {
  const named = Object.entries<Field<unknown>>(fields).map(([key, each]) => ({ ...each, key }));
  named.sort((a, b) => a.number - b.number);
  const byNumber: (NamedField | undefined)[] = [];
  for (const each of named) if (each.kind !== 'self') byNumber[each.number] = each;
  return {
    name,
    fields: named,
    byNumber,
    Message: messageClass(named),
    self: named.find(({ kind }) => kind === 'self')?.key,
  };
}

/** Messages of a class of their own hold the fields that were there; they inherit the others, most of them. */
function messageClass(fields: readonly NamedField[]): new () => Record<string, unknown> {
  class Message {
    [key: string]: unknown;
  }
  for (const { key, repeated } of fields) Message.prototype[key] = repeated ? NO_ELEMENTS : undefined;
  return Message;
}

type TypeOf<T extends object> = MessageType<T> | (() => MessageType<T>);

/** Field builders; the argument is the field number. */
export const field = {
  int: (number: number): Field<Int | undefined> => ({ number, kind: 'int', repeated: false }),
  float: (number: number): Field<number | undefined> => ({ number, kind: 'float', repeated: false }),
  string: (number: number): Field<string | undefined> => ({ number, kind: 'string', repeated: false }),
  bytes: (number: number): Field<Uint8Array | undefined> => ({ number, kind: 'bytes', repeated: false }),
  span: (number: number): Field<Span | undefined> => ({ number, kind: 'span', repeated: false }),
  later: (number: number): Field<Span | undefined> => ({ number, kind: 'later', repeated: false }),
  self: (): Field<Span | undefined> => ({ number: 0, kind: 'self', repeated: false }),
  message: <T extends object>(number: number, type: TypeOf<T>): Field<T | undefined> => ({
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
    message: <T extends object>(number: number, type: TypeOf<T>): Field<readonly T[]> => ({
      number,
      kind: 'message',
      repeated: true,
      type,
    }),
  },
} as const;
