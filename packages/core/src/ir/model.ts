import type { Attribute } from './attribute.js';
import type { Graph } from './graph.js';

/** A local function of a model: a graph whose attributes may refer to the caller's (`reference`). */
export interface ModelFunction {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  /** Names of attributes without default. */
  readonly attributes: readonly string[];
  readonly defaults: ReadonlyMap<string, Attribute>;
  readonly graph: Graph;
  readonly docString: string;
}

/** A graph and what a file says about it. */
export interface Model {
  graph: Graph;
  functions: ModelFunction[];
  irVersion: number;
  producerName: string;
  producerVersion: string;
  domain: string;
  modelVersion: number | bigint;
  docString: string;
  metadata: Map<string, string>;
}

/** A model around a graph, with Octavo as its producer. */
export function createModel(graph: Graph): Model {
  return {
    graph,
    functions: [],
    irVersion: 10,
    producerName: 'octavo',
    producerVersion: '',
    domain: '',
    modelVersion: 0,
    docString: '',
    metadata: new Map(),
  };
}

/** First IR version that knows each version of ONNX's op set (ONNX Versioning, released versions). */
const IR_VERSIONS: readonly (readonly [opset: number, irVersion: number])[] = [
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [12, 7],
  [11, 6],
  [10, 5],
  [9, 4],
];

/** The smallest IR version that a model with this version of ONNX's op set may declare. */
export function minimumIrVersion(opset: number): number {
  return IR_VERSIONS.find(([since]) => opset >= since)?.[1] ?? 3;
}
