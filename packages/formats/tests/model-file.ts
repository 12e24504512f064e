import type { Model } from '@octavo/core/ir';
import { float32, OctavoError } from '@octavo/core/tensor';
import { type DecodeOptions, decodeModel } from '../src/onnx/decode-model.js';
import { joinParts } from '../src/onnx/encode-model.js';
import { type GraphProto, MODEL, type ModelProto, type NodeProto } from '../src/onnx/schema.js';
import type { TensorProto } from '../src/onnx/tensor-schema.js';
import { type Encodable, encodeMessage } from '../src/wire/encode-message.js';

/** An encoded TypeProto: float32, a scalar. */
export const FLOAT_TYPE = new Uint8Array([0x0a, 0x04, 0x08, 0x01, 0x12, 0x00]);
/** An encoded TypeProto that says nothing. */
export const UNTYPED = new Uint8Array(0);

/** The bytes of a model around a graph, at IR 8 and opset 17 unless `rest` says otherwise. */
export function file(graph: Encodable<GraphProto>, rest: Encodable<ModelProto> = {}): Uint8Array {
  const model: Encodable<ModelProto> = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph,
    ...rest,
  };
  return joinParts(encodeMessage(MODEL, model), 2 ** 31);
}

export function decode(
  graph: Encodable<GraphProto>,
  rest: Encodable<ModelProto> = {},
  options: DecodeOptions = {},
): Model {
  return decodeModel(file(graph, rest), options);
}

/** The code of the OctavoError that is thrown, or `accepted`. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof OctavoError) return error.code;
    throw error;
  }
  return 'accepted';
}

export const node = (opType: string, input: string[], output: string[], rest: Encodable<NodeProto> = {}) => ({
  opType,
  input,
  output,
  ...rest,
});
/** ValueInfoProtos of float scalars. */
export const io = (...names: string[]) => names.map((name) => ({ name, type: FLOAT_TYPE }));
/** An initializer `w` with the elements 1 and 2. */
export const weight: Encodable<TensorProto> = {
  name: 'w',
  dims: [2],
  dataType: 1,
  rawData: float32([1, 2]).bytes,
};
