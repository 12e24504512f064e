import { cloneModel, type Graph, type Model } from '@octavo/core/ir';
import type { Shape } from '@octavo/core/tensor';
import { type LoweredGraph, lower } from './lower.js';
import { setShapes, specialize } from './specialize.js';

/**
 * The lowered graphs of a model: the open one, with the dimensions that the model leaves open, and those for shapes that
 * are known. Many a session serves only the shapes that it was made for, so the open graph is not lowered before
 * something asks for it.
 */
export class LoweredModel {
  private readonly model: Model;
  private readonly taps: readonly string[];
  private opened: Promise<LoweredGraph> | undefined;

  /** @param model Given away. */
  constructor(model: Model, taps: readonly string[]) {
    this.model = model;
    this.taps = taps;
  }

  /** The open graph; until `open` is first called it is that of the model, whose types nobody has inferred. */
  get graph(): Graph {
    return this.model.graph;
  }

  open(): Promise<LoweredGraph> {
    this.opened ??= lower(this.model, this.taps);
    return this.opened;
  }

  /** A graph for inputs of these shapes, which may be changed. */
  async forShapes(shapes: readonly Shape[]): Promise<LoweredGraph> {
    if (this.opened) return specialize(await this.opened, shapes, this.taps);
    const model = cloneModel(this.model);
    setShapes(model.graph, shapes);
    return lower(model, this.taps);
  }
}
