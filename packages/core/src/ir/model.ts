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
