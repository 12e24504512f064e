import type { Model, ModelFunction } from '@octavo/core/ir';
import type { Encodable } from '../wire/encode-message.js';
import { entryProtos } from './entries.js';
import type { FunctionProto, ModelProto, OperatorSetProto } from './schema.js';
import { attributeProto } from './write-attribute.js';
import { graphProto, nodeProtos, type WriteContext } from './write-graph.js';
import type { PlaceExternally } from './write-tensor.js';
import { valueInfoProto } from './write-type.js';

/** The ModelProto of a model. @throws FormatError `ONNX_QUANTIZED_VALUE`, `ONNX_NOT_RESIDENT`, GraphError. */
export function modelProto(
  model: Model,
  placeExternally: PlaceExternally = () => undefined,
): Encodable<ModelProto> {
  const context: WriteContext = { irVersion: model.irVersion, placeExternally };
  return {
    irVersion: model.irVersion,
    producerName: model.producerName || undefined,
    producerVersion: model.producerVersion || undefined,
    domain: model.domain || undefined,
    modelVersion: model.modelVersion || undefined,
    docString: model.docString || undefined,
    graph: graphProto(context, model.graph),
    opsetImport: opsetProtos(model.graph.opsets),
    metadataProps: entryProtos(model.metadata),
    functions: model.functions.map((each) => functionProto(context, each)),
  };
}

/** ONNX's own domain is written as ''; the field may not be left out. */
function opsetProtos(opsets: ReadonlyMap<string, number>): Encodable<OperatorSetProto>[] {
  return [...opsets].map(([domain, version]) => ({ domain, version }));
}

function functionProto(context: WriteContext, each: ModelFunction): Encodable<FunctionProto> {
  const { graph } = each;
  const ends = new Set([...graph.inputs, ...graph.outputs]);
  const described = graph.values.filter((value) => value.type || (value.docString && !ends.has(value)));
  return {
    name: each.name,
    input: graph.inputs.map((value) => value.name),
    output: graph.outputs.map((value) => value.name),
    attribute: each.attributes,
    node: nodeProtos(context, graph, (value) => value.name),
    docString: each.docString || undefined,
    opsetImport: opsetProtos(graph.opsets),
    domain: each.domain,
    attributeProto: [...each.defaults].map(([name, attribute]) =>
      attributeProto(name, attribute, () => ({})),
    ),
    valueInfo: described.map((value) => valueInfoProto(value, value.name)),
    overload: each.overload || undefined,
    metadataProps: entryProtos(graph.metadata),
  };
}
