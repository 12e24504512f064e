import { DTYPES, type DType } from '@octavo/core/tensor';

/** A graph input or output of a tiny model. */
export interface TinyValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface TinyNode {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number>>;
}

/** Protobuf bytes of one length-delimited field. */
function field(number: number, content: Uint8Array | string): number[] {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return [...varint((number << 3) | 2), ...varint(bytes.length), ...bytes];
}

function integer(number: number, value: number): number[] {
  return [...varint(number << 3), ...varint(value)];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}

const message = (...fields: number[][]) => Uint8Array.from(fields.flat());

function valueInfo({ name, dtype, shape }: TinyValue): Uint8Array {
  const dims = message(...shape.map((size) => field(1, message(integer(1, size)))));
  const tensor = message(integer(1, DTYPES[dtype].onnx), field(2, dims));
  return message(field(1, name), field(2, message(field(1, tensor))));
}

function nodeProto(node: TinyNode): Uint8Array {
  return message(
    ...node.inputs.map((name) => field(1, name)),
    ...node.outputs.map((name) => field(2, name)),
    field(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) =>
      field(5, message(field(1, name), integer(3, value), integer(20, 2))),
    ),
    field(7, node.domain ?? ''),
  );
}

/** ONNX bytes of a graph without initializers, independent of the project's own writer; attributes are integers. */
export function tinyModel(
  nodes: readonly TinyNode[],
  inputs: readonly TinyValue[],
  outputs: readonly TinyValue[],
  opset = 21,
): Uint8Array {
  const graph = message(
    ...nodes.map((node) => field(1, nodeProto(node))),
    field(2, 'tiny'),
    ...inputs.map((value) => field(11, valueInfo(value))),
    ...outputs.map((value) => field(12, valueInfo(value))),
  );
  return message(
    integer(1, 10),
    field(7, graph),
    field(8, message(integer(2, opset))),
    field(8, message(field(1, 'com.microsoft'), integer(2, 1))),
  );
}
