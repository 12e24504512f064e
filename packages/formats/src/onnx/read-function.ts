import { type Attribute, canonicalDomain, Graph, type ModelFunction } from '@octavo/core/ir';
import { readEntries } from './entries.js';
import { OpFinder } from './op-finder.js';
import { readAttribute } from './read-attribute.js';
import { type ReadContext, readError } from './read-context.js';
import { addNamed, describeValue, refuseCycles, type Scope } from './read-graph.js';
import { readNodes } from './read-node.js';
import { readOpsets } from './read-opsets.js';
import { TypeReader } from './read-type.js';
import type { FunctionProto } from './schema.js';

/** Reads a model's local function. @throws FormatError, GraphError. */
export function readFunction(context: ReadContext, proto: FunctionProto): ModelFunction {
  const label = `function ${proto.name ?? ''}`;
  const opsets = readOpsets(context, proto.opsetImport, proto.node, label);
  const graph = new Graph(opsets);
  const scope: Scope = { graph, label, ops: new OpFinder(context, opsets) };
  graph.name = proto.name ?? '';
  graph.metadata = readEntries(proto.metadataProps);
  for (const name of proto.input) graph.inputs.push(addNamed(context, scope, name, 'input'));
  readNodes(context, proto.node, scope);
  graph.outputs = proto.output.map((name) => {
    const value = graph.value(name);
    if (value) return value;
    throw readError(context, 'ONNX_UNDEFINED_VALUE', `${label}, output ${name}`, 'no node computes it.');
  });
  const types = new TypeReader(context);
  for (const info of proto.valueInfo) describeValue(types, info, scope);
  refuseCycles(context, scope);
  return {
    domain: canonicalDomain(proto.domain ?? ''),
    name: proto.name ?? '',
    overload: proto.overload ?? '',
    attributes: proto.attribute,
    defaults: readDefaults(context, proto, label),
    graph,
    docString: proto.docString ?? '',
  };
}

function readDefaults(context: ReadContext, proto: FunctionProto, label: string): Map<string, Attribute> {
  const refuse = (): never => {
    throw readError(context, 'ONNX_ATTRIBUTE', label, 'an attribute of a function has no default graph.');
  };
  const owner = { label, readSubgraph: refuse };
  return new Map(proto.attributeProto.map((each) => [each.name ?? '', readAttribute(context, each, owner)]));
}
