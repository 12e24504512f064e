import { StoredTensor } from '../../tensor/index.js';
import type { Attribute, Int, Subgraph } from '../attribute.js';
import { knownShape } from '../dims.js';
import type { Lexer } from './lexer.js';
import {
  intFrom,
  isNumberNext,
  numberFrom,
  readElements,
  readHex,
  readNumber,
  readNumberText,
} from './literals.js';
import { readTensorType } from './types.js';

const EMPTY_LISTS = {
  ints: { kind: 'ints', value: [] },
  floats: { kind: 'floats', value: [] },
  strings: { kind: 'strings', value: [] },
  tensors: { kind: 'tensors', value: [] },
  graphs: { kind: 'graphs', value: [] },
} as const satisfies Record<string, Attribute>;

/** Reads one attribute's value (floats are float32); `readSubgraph` reads what follows the word `graph`. */
export function readAttribute(lexer: Lexer, readSubgraph: () => Subgraph): Attribute {
  for (const empty of Object.values(EMPTY_LISTS)) {
    if (!lexer.accept(empty.kind)) continue;
    lexer.expect('[');
    lexer.expect(']');
    return empty;
  }
  if (lexer.accept('['))
    return listOf(
      lexer,
      lexer.list(']', () => readSingle(lexer, readSubgraph)),
    );
  return readSingle(lexer, readSubgraph);
}

function readSingle(lexer: Lexer, readSubgraph: () => Subgraph): Attribute {
  if (isNumberNext(lexer)) return numberAttribute(lexer, readNumberText(lexer));
  if (lexer.next.kind === 'string') return { kind: 'string', value: lexer.take().text };
  if (lexer.next.kind === 'hex') return { kind: 'bytes', value: readHex(lexer.take().text) };
  if (lexer.accept('opaque')) return { kind: 'opaque', value: readHex(lexer.expectKind('hex')) };
  if (lexer.accept('graph')) return { kind: 'graph', value: readSubgraph() };
  if (lexer.accept('ref')) {
    lexer.expect('(');
    const value = lexer.expectKind('word', 'string');
    lexer.expect(',');
    const type = readNumber(lexer);
    lexer.expect(')');
    return { kind: 'reference', value, type };
  }
  const type = readTensorType(lexer);
  const shape = knownShape(type.shape) ?? lexer.fail('a tensor attribute needs a concrete shape.');
  return { kind: 'tensor', value: StoredTensor.of(readElements(lexer, type.dtype, shape)) };
}

function numberAttribute(lexer: Lexer, text: string): Attribute {
  if (/^-?\d+$/.test(text)) return { kind: 'int', value: intFrom(lexer, text) };
  return { kind: 'float', value: Math.fround(numberFrom(text)) };
}

function listOf(lexer: Lexer, items: readonly Attribute[]): Attribute {
  const ints = items.flatMap((item): Int[] => (item.kind === 'int' ? [item.value] : []));
  const floats = items.flatMap((item) => (item.kind === 'float' ? [item.value] : []));
  const strings = items.flatMap((item) => (item.kind === 'string' ? [item.value] : []));
  const tensors = items.flatMap((item) => (item.kind === 'tensor' ? [item.value] : []));
  const graphs = items.flatMap((item) => (item.kind === 'graph' ? [item.value] : []));
  const lists: readonly Attribute[] = [
    { kind: 'ints', value: ints },
    { kind: 'floats', value: floats },
    { kind: 'strings', value: strings },
    { kind: 'tensors', value: tensors },
    { kind: 'graphs', value: graphs },
  ];
  const whole = lists.find((list) => Array.isArray(list.value) && list.value.length === items.length);
  return whole ?? lexer.fail('the elements of a list attribute are all of one kind.');
}
