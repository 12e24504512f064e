import type { Attribute, Subgraph } from '@octavo/core/ir';
import type { Encodable } from '../wire/encode-message.js';
import { ATTRIBUTE_TYPE } from './read-attribute.js';
import type { AttributeProto, GraphProto } from './schema.js';
import { type PlaceExternally, tensorProto } from './write-tensor.js';

/** The AttributeProto of a stored attribute. */
export function attributeProto(
  name: string,
  attribute: Attribute,
  writeSubgraph: (subgraph: Subgraph) => Encodable<GraphProto>,
  placeExternally?: PlaceExternally,
): Encodable<AttributeProto> {
  const encoder = new TextEncoder();
  switch (attribute.kind) {
    case 'int':
      return { name, i: attribute.value, type: ATTRIBUTE_TYPE.int };
    case 'float':
      return { name, f: attribute.value, type: ATTRIBUTE_TYPE.float };
    case 'string':
      return { name, s: encoder.encode(attribute.value), type: ATTRIBUTE_TYPE.string };
    case 'bytes':
      return { name, s: attribute.value, type: ATTRIBUTE_TYPE.string };
    case 'tensor':
      return { name, t: tensorProto(attribute.value, '', placeExternally), type: ATTRIBUTE_TYPE.tensor };
    case 'graph':
      return { name, g: writeSubgraph(attribute.value), type: ATTRIBUTE_TYPE.graph };
    case 'ints':
      return { name, ints: attribute.value, type: ATTRIBUTE_TYPE.ints };
    case 'floats':
      return { name, floats: attribute.value, type: ATTRIBUTE_TYPE.floats };
    case 'strings':
      return {
        name,
        strings: attribute.value.map((each) => encoder.encode(each)),
        type: ATTRIBUTE_TYPE.strings,
      };
    case 'tensors':
      return {
        name,
        tensors: attribute.value.map((each) => tensorProto(each, '', placeExternally)),
        type: ATTRIBUTE_TYPE.tensors,
      };
    case 'graphs':
      return { name, graphs: attribute.value.map(writeSubgraph), type: ATTRIBUTE_TYPE.graphs };
    case 'reference':
      return { name, refAttrName: attribute.value, type: attribute.type };
    case 'opaque':
      return { self: attribute.value };
  }
}
