import type { StoredTensor } from '../../tensor/index.js';
import type { Attribute, Int, Subgraph } from '../attribute.js';
import type { Graph } from '../graph.js';
import type { Node } from '../node.js';
import { tensorType, type Value } from '../value.js';
import { printElements, printFloat, printHex } from './literals.js';
import { printType, printWord } from './types.js';

export interface PrintOptions {
  /** Constants with more elements print as `...`, which `parse` refuses. Default: no limit. */
  readonly elements?: number | undefined;
}

/**
 * The readable form of a graph; `parse` is the inverse. Holds names, types, opsets, attributes, subgraphs and the
 * elements of constants that are in memory (others print as `...`); docstrings and metadata are left out.
 */
export function print(graph: Graph, options: PrintOptions = {}): string {
  return `${new Printer(options).graph(graph, '', undefined, undefined)}\n`;
}

class Printer {
  private readonly limit: number;

  constructor(options: PrintOptions) {
    this.limit = options.elements ?? Number.POSITIVE_INFINITY;
  }

  /** `owner` and `outer` are given for a subgraph: captured values print with the outer value that they take. */
  graph(
    graph: Graph,
    indent: string,
    owner: { node: Node; subgraph: Subgraph } | undefined,
    outer: Graph | undefined,
  ): string {
    const inner = `${indent}  `;
    const name = graph.name ? ` ${graph.name === 'opset' ? '"opset"' : printWord(graph.name)}` : '';
    const captures = owner ? this.captures(graph, owner.node, owner.subgraph) : '';
    const opset = outer && sameOpsets(graph, outer) ? '' : ` opset ${printOpsets(graph)}`;
    const roots = new Set([...graph.inputs, ...graph.captures]);
    const lines = [
      ...graph.inputs.map((value) => `input ${this.definition(value)}`),
      ...graph.values.flatMap((value) => this.free(value, roots)),
      ...readingOrder(graph).map((node) => this.node(node, inner, graph)),
      ...(graph.outputs.length > 0 ? [`output ${graph.outputs.map(printName).join(', ')}`] : []),
    ];
    return `graph${name}${captures}${opset} {\n${lines.map((line) => `${inner}${line}\n`).join('')}${indent}}`;
  }

  /** A value that no node computes: a constant, or one that nothing defines. */
  private free(value: Value, roots: ReadonlySet<Value>): string[] {
    if (roots.has(value) || value.producer) return [];
    return [`${value.constant ? 'const' : 'value'} ${this.definition(value)}`];
  }

  private captures(graph: Graph, node: Node, subgraph: Subgraph): string {
    const pairs = graph.captures.map((value, i) => {
      const source = node.captures[subgraph.sources[i] ?? -1];
      return `${typed(value)} = ${source ? printName(source) : '_'}`;
    });
    return pairs.length > 0 ? `(${pairs.join(', ')})` : '';
  }

  private definition(value: Value): string {
    const { constant } = value;
    if (!constant) return typed(value);
    const type = printType(tensorType(constant.dtype, constant.shape, value.quantized));
    return `${printName(value)}: ${type} = ${this.elements(constant)}`;
  }

  private elements(stored: StoredTensor): string {
    const tensor = stored.size <= this.limit ? stored.peek() : undefined;
    return tensor ? printElements(tensor) : '...';
  }

  private node(node: Node, indent: string, graph: Graph): string {
    const outputs = node.outputs.map((value) => (value ? typed(value) : '_')).join(', ') || '()';
    const domain = node.op.domain ? `${printWord(node.op.domain)}::` : '';
    const overload = node.overload ? `:${printWord(node.overload)}` : '';
    const inputs = node.inputs.map((value) => (value ? printName(value) : '_')).join(', ');
    const attributes = [...node.attributes].map(
      ([name, attribute]) => `${printWord(name)}=${this.attribute(attribute, node, indent, graph)}`,
    );
    const braces = attributes.length > 0 ? ` {${attributes.join(', ')}}` : '';
    const name = node.name ? ` @${printWord(node.name)}` : '';
    return `${outputs} = ${domain}${printWord(node.op.name)}${overload}(${inputs})${braces}${name}`;
  }

  private attribute(attribute: Attribute, node: Node, indent: string, graph: Graph): string {
    const subgraph = (value: Subgraph): string =>
      this.graph(value.graph, indent, { node, subgraph: value }, graph);
    switch (attribute.kind) {
      case 'int':
        return String(attribute.value);
      case 'float':
        return printFloatAttribute(attribute.value);
      case 'string':
        return JSON.stringify(attribute.value);
      case 'bytes':
        return printHex(attribute.value);
      case 'opaque':
        return `opaque ${printHex(attribute.value)}`;
      case 'reference':
        return `ref(${printWord(attribute.value)}, ${attribute.type})`;
      case 'tensor':
        return this.tensor(attribute.value);
      case 'graph':
        return subgraph(attribute.value);
      case 'ints':
        return printList('ints', attribute.value, (value: Int) => String(value));
      case 'floats':
        return printList('floats', attribute.value, printFloatAttribute);
      case 'strings':
        return printList('strings', attribute.value, (value: string) => JSON.stringify(value));
      case 'tensors':
        return printList('tensors', attribute.value, (value: StoredTensor) => this.tensor(value));
      case 'graphs':
        return printList('graphs', attribute.value, subgraph);
    }
  }

  private tensor(stored: StoredTensor): string {
    return `${printType(tensorType(stored.dtype, stored.shape))} ${this.elements(stored)}`;
  }
}

/** Topological where that is possible: a graph with a cycle is printed for debugging only. */
function readingOrder(graph: Graph): readonly Node[] {
  try {
    return graph.sorted();
  } catch {
    return graph.nodes;
  }
}

/** A list tells its kind by its elements; an empty one needs the word. */
function printList<T>(kind: string, values: readonly T[], each: (value: T) => string): string {
  return values.length > 0 ? `[${values.map(each).join(', ')}]` : `${kind}[]`;
}

/** A float attribute always has a point, an exponent or is not finite, so that it is not read as an int. */
function printFloatAttribute(value: number): string {
  const text = printFloat(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function printName(value: Value): string {
  return `%${/^[\w./-]+$/.test(value.name) ? value.name : JSON.stringify(value.name)}`;
}

function typed(value: Value): string {
  return value.type ? `${printName(value)}: ${printType(value.type)}` : printName(value);
}

function sameOpsets(a: Graph, b: Graph): boolean {
  return printOpsets(a) === printOpsets(b);
}

function printOpsets(graph: Graph): string {
  return [...graph.opsets]
    .map(([domain, version]) => (domain ? `${printWord(domain)} ${version}` : `${version}`))
    .join(', ');
}
