import { type Model, snapshotModel } from '@octavo/core/ir';
import type { Shape } from '@octavo/core/tensor';
import { type LoweredGraph, lower } from './lower.js';
import { setShapes, specialize } from './specialize.js';

/**
 * The lowered graphs of a model: the open one, with the dimensions that the model leaves open, and those for shapes that
 * are known. Many a session serves only the shapes that it was made for, so the first of these is lowered by itself, and
 * the open graph not before something asks for it, such as a second set of shapes.
 */
export class LoweredModel {
  /** Gives the model as it was given, until the open graph is made of it. */
  private unlowered: (() => Model) | undefined;
  private readonly taps: readonly string[];
  private opened: Promise<LoweredGraph> | undefined;
  private isFirst = true;

  /** @param model Given away. */
  constructor(model: Model, taps: readonly string[]) {
    this.unlowered = () => model;
    this.taps = taps;
  }

  /** The graph with the dimensions open that the model leaves open. */
  open(): Promise<LoweredGraph> {
    this.opened ??= lower(this.take(), this.taps);
    return this.opened;
  }

  /** A graph for inputs of these shapes, which may be changed. */
  async forShapes(shapes: readonly Shape[]): Promise<LoweredGraph> {
    const isAlone = this.isFirst && !this.opened;
    this.isFirst = false;
    if (!isAlone) return specialize(await this.open(), shapes, this.taps);
    const model = this.take();
    this.unlowered = snapshotModel(model);
    setShapes(model.graph, shapes);
    return lower(model, this.taps);
  }

  private take(): Model {
    const model = this.unlowered?.();
    if (!model) throw new Error('a model is opened once');
    this.unlowered = undefined;
    return model;
  }
}
