import { StoredTensor } from '../../tensor/index.js';
import type { Attribute, Subgraph } from '../attribute.js';
import { knownShape } from '../dims.js';
import { Graph } from '../graph.js';

import type { OpRegistry } from '../registry.js';
import { standardRegistry } from '../standard-registry.js';
import type { Value, ValueType } from '../value.js';
import { readAttribute } from './attributes.js';
import { Lexer } from './lexer.js';
import { intFrom, readElements } from './literals.js';
import { readType } from './types.js';

/**
 * Reads the text form of a graph (see `print`). Values may be read before the line that defines them.
 * @param registry Where ops are looked up (default: the standard ops); others become unknown ops.
 * @throws GraphError `GRAPH_TEXT` with the line.
 */
export function parse(text: string, registry: OpRegistry = standardRegistry()): Graph {
  const lexer = new Lexer(text);
  lexer.expect('graph');
  const graph = new GraphReader(lexer, registry, undefined).read();
  if (lexer.next.kind !== 'end') lexer.fail(`'${lexer.next.text}' follows the graph.`);
  return graph;
}

/** What a value's definition says before its place is known. */
interface Definition {
  readonly value: Value;
  readonly type: ValueType | undefined;
}

class GraphReader {
  private graph = new Graph(new Map());
  private readonly defined = new Set<Value>();
  /** Names of the enclosing graph's values that the captures take. */
  readonly sources: string[] = [];
  private readonly lexer: Lexer;
  private readonly registry: OpRegistry;
  private readonly outer: Graph | undefined;

  constructor(lexer: Lexer, registry: OpRegistry, outer: Graph | undefined) {
    this.lexer = lexer;
    this.registry = registry;
    this.outer = outer;
  }

  /** Reads what follows the word `graph`. */
  read(): Graph {
    const { lexer } = this;
    const name = lexer.at('opset') ? '' : this.optionalWord();
    this.graph = new Graph(this.outer?.opsets);
    this.graph.name = name;
    if (lexer.accept('(')) lexer.list(')', () => this.readCapture());
    if (lexer.accept('opset')) this.readOpsets();
    lexer.expect('{');
    while (!lexer.accept('}')) this.readLine();
    const unknown = this.graph.values.find((value) => !this.defined.has(value));
    if (unknown) lexer.fail(`the value ${unknown.name} is read but not defined.`);
    return this.graph;
  }

  private optionalWord(): string {
    return this.lexer.next.kind === 'word' || this.lexer.next.kind === 'string' ? this.lexer.take().text : '';
  }

  private readOpsets(): void {
    this.graph.opsets.clear();
    do {
      const domain = this.optionalWord();
      this.graph.opsets.set(domain, Number(intFrom(this.lexer, this.lexer.expectKind('number'))));
    } while (this.lexer.accept(','));
  }

  private readCapture(): void {
    this.graph.captures.push(this.readDefinition().value);
    this.lexer.expect('=');
    this.sources.push(this.lexer.expectKind('name'));
  }

  private readLine(): void {
    const { lexer } = this;
    if (lexer.accept('input')) this.graph.inputs.push(this.readConstant());
    else if (lexer.accept('const') || lexer.accept('value')) this.readConstant();
    else if (lexer.accept('output')) {
      do this.graph.outputs.push(this.reference());
      while (lexer.accept(','));
    } else this.readNode();
  }

  private reference(): Value {
    const name = this.lexer.expectKind('name');
    return this.graph.value(name) ?? this.graph.addValue(name);
  }

  private readDefinition(): Definition {
    const value = this.reference();
    if (this.defined.has(value)) this.lexer.fail(`the value ${value.name} is defined twice.`);
    this.defined.add(value);
    const type = this.lexer.accept(':') ? readType(this.lexer) : undefined;
    value.type = type;
    return { value, type };
  }

  private readConstant(): Value {
    const { value, type } = this.readDefinition();
    if (!this.lexer.accept('=')) return value;
    const shape = type?.kind === 'tensor' ? knownShape(type.shape) : undefined;
    if (type?.kind !== 'tensor' || !shape) this.lexer.fail('a constant needs a type with a concrete shape.');
    value.constant = StoredTensor.of(readElements(this.lexer, type.dtype, shape));
    return value;
  }

  private readNode(): void {
    const { lexer } = this;
    const outputs = this.readOutputs();
    lexer.expect('=');
    const first = lexer.expectKind('word', 'string');
    const scoped = lexer.accept('::');
    const domain = scoped ? first : '';
    const opName = scoped ? lexer.expectKind('word', 'string') : first;
    const overload = lexer.accept(':') ? lexer.expectKind('word', 'string') : '';
    lexer.expect('(');
    const inputs = lexer.list(')', () => (lexer.accept('_') ? undefined : this.reference()));
    const captures: Value[] = [];
    const attributes = lexer.accept('{') ? this.readAttributes(captures) : new Map<string, Attribute>();
    const name = lexer.accept('@') ? lexer.expectKind('word', 'string', 'number') : '';
    const op = this.registry.lookup(domain, opName, this.graph.opsets.get(domain) ?? 1);
    this.graph.addNode(op, { name, inputs, outputs, attributes, captures }).overload = overload;
  }

  private readOutputs(): (Value | undefined)[] {
    const { lexer } = this;
    if (lexer.accept('(')) {
      lexer.expect(')');
      return [];
    }
    const outputs: (Value | undefined)[] = [];
    do outputs.push(lexer.accept('_') ? undefined : this.readDefinition().value);
    while (lexer.accept(','));
    return outputs;
  }

  private readAttributes(captures: Value[]): Map<string, Attribute> {
    const pairs = this.lexer.list('}', (): [string, Attribute] => {
      const name = this.lexer.expectKind('word', 'string');
      this.lexer.expect('=');
      return [name, readAttribute(this.lexer, () => this.readSubgraph(captures))];
    });
    return new Map(pairs);
  }

  private readSubgraph(captures: Value[]): Subgraph {
    const reader = new GraphReader(this.lexer, this.registry, this.graph);
    const graph = reader.read();
    const sources = reader.sources.map((name) => {
      const value = this.graph.value(name) ?? this.graph.addValue(name);
      const known = captures.indexOf(value);
      return known >= 0 ? known : captures.push(value) - 1;
    });
    return { graph, sources };
  }
}
