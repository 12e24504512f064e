import {
  attr,
  Cast,
  ConstantOfShape,
  type Graph,
  type Node,
  outputOf,
  type Subgraph,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import { DTYPES, float32, StoredTensor, Tensor } from '@octavo/core/tensor';
import { eliminateDeadNodes, liftConstants } from '@octavo/passes';
import { recipeInside } from '../each-graph.js';
import { dropUnused } from '../insert-qdq.js';
import { LayerPrecisions } from '../layer-precisions.js';
import type { Recipe } from '../recipe.js';
import { runAll } from '../run-passes.js';
import { type HalfConstants, halveConstant, toHalf } from './half-constants.js';
import { keepsFloat32 } from './keeps-float32.js';

/** What the graphs of one model share while they are converted. */
export interface HalfJob {
  readonly recipe: Recipe;
  readonly constants: HalfConstants;
  /** Values beyond the format's largest number, and how far they reach. */
  readonly wide: ReadonlyMap<Value, number>;
  /** Whether the graph is inside a node of another. */
  readonly isInside: boolean;
  /** Names taken in any graph. */
  readonly names: Set<string>;
}

type FloatDType = 'float32' | 'float16' | 'bfloat16';

/** Conversion of one graph; its subgraphs get conversions of their own. */
export class HalfGraph {
  private readonly graph: Graph;
  private readonly job: HalfJob;
  private readonly precisions: LayerPrecisions;
  /** Values that are 16-bit floats now. */
  private readonly converted = new Set<Value>();
  /** The other form of values that are read in both. */
  private readonly halves = new Map<Value, Value>();
  private readonly wholes = new Map<Value, Value>();

  constructor(graph: Graph, job: HalfJob) {
    this.graph = graph;
    this.job = job;
    this.precisions = new LayerPrecisions(graph, job.recipe);
  }

  /** Converts the model's own graph. */
  async convert(): Promise<void> {
    const { graph, dtype } = this;
    const isHalfOutside = this.job.recipe.io === dtype;
    if (isHalfOutside) for (const input of graph.inputs) if (isWhole(input)) await this.becomeInput(input);
    await this.convertNodes();
    for (const output of new Set(graph.outputs)) {
      if (this.converted.has(output) && !isHalfOutside) this.castOutput(output, 'float32');
      if (isWhole(output) && isHalfOutside) this.castOutput(output, dtype);
    }
    await runAll(graph, [eliminateDeadNodes], this.job.constants.report);
  }

  /** Converts a subgraph, whose inputs and outputs stay float32. */
  private async convertInside(): Promise<void> {
    const { graph } = this;
    await runAll(graph, [liftConstants], this.job.constants.report);
    await this.convertNodes();
    for (const output of new Set(graph.outputs))
      if (this.converted.has(output)) this.castOutput(output, 'float32');
    await runAll(graph, [eliminateDeadNodes], this.job.constants.report);
  }

  /** An input may have a default. */
  private async becomeInput(input: Value): Promise<void> {
    const tensor = await input.constant?.load();
    if (tensor) {
      const bits = toHalf(tensor, `tensor ${input.name}`, this.job.constants);
      input.constant = StoredTensor.of(new Tensor(this.dtype, tensor.shape, bits));
    }
    this.become(input);
  }

  private get dtype() {
    return this.job.constants.format.dtype;
  }

  private async convertNodes(): Promise<void> {
    const { decisions } = this.job.constants.report;
    for (const node of this.graph.sorted()) {
      const entry = { node: node.label, op: node.op.name };
      const because = this.keepBecause(node);
      if (because) {
        decisions.push({ ...entry, quantized: false, because });
        this.connect(node, (value) => this.wholeOf(value));
        this.keepCaptures(node);
      } else if (node.subgraphs.length > 0) await this.convertControlFlow(node);
      else if (await this.convertNode(node))
        decisions.push({ ...entry, quantized: true, because: this.dtype });
    }
  }

  private keepBecause(node: Node): string | undefined {
    const { wide, constants } = this.job;
    const because = this.precisions.floatBecause(node) ?? keepsFloat32(node, constants.format);
    if (because) return because;
    const value = [...node.outputs, ...node.inputs].find((each) => each && wide.has(each));
    return value && `${value.name} reaches ${wide.get(value)?.toPrecision(3)}`;
  }

  /** A node whose subgraphs stay as they are: what they read from here stays float32. */
  private keepCaptures(node: Node): void {
    for (const value of node.captures)
      if (this.converted.has(value)) node.replaceOperand(value, this.wholeOf(value));
  }

  /** If, Loop and Scan take and give float32; their bodies compute in 16 bits, and may read such from here. */
  private async convertControlFlow(node: Node): Promise<void> {
    this.connect(node, (value) => this.wholeOf(value));
    const bodies = node.subgraphs.map((body) => ({
      body,
      inside: new HalfGraph(body.graph, inside(this.job, this.wideInside(node, body))),
    }));
    for (const value of node.captures) {
      const isConstant = isWhole(value) && value.constant && !node.inputs.includes(value);
      const isHalved =
        isConstant &&
        bodies.every(({ body, inside }) => inside.convertsReadersOf(standsFor(node, body, value)));
      if (isHalved) node.replaceOperand(value, await this.halfOf(value));
    }
    for (const { body, inside } of bodies) {
      for (const outer of node.captures.filter((value) => value.dtype === this.dtype))
        for (const stand of standsFor(node, body, outer)) if (isWhole(stand)) inside.become(stand);
      await inside.convertInside();
    }
  }

  /** What stands in a body for values beyond the format. */
  private wideInside(node: Node, body: Subgraph): Map<Value, number> {
    const captured = [...this.job.wide].filter(([value]) => node.captures.includes(value));
    return new Map(
      captured.flatMap(([value, reach]) =>
        standsFor(node, body, value).map((stand) => [stand, reach] as const),
      ),
    );
  }

  /** Whether every reader of some values will be converted. */
  private convertsReadersOf(values: readonly Value[]): boolean {
    return values.every((value) =>
      value.users.every((user) => user.subgraphs.length === 0 && this.keepBecause(user) === undefined),
    );
  }

  private async convertNode(node: Node): Promise<boolean> {
    const before = node.inputs;
    for (const value of before) if (value && isWhole(value)) await this.halfOf(value);
    this.connect(node, (value) => this.halves.get(value) ?? value);
    const results = node.outputs.filter((value) => value !== undefined).filter(isWhole);
    for (const value of results) this.become(value);
    if (results.length > 0) await this.convertAttributes(node);
    return results.length > 0 || before.some((value) => value && isWhole(value));
  }

  private become(value: Value): void {
    value.type = tensorType(this.dtype, value.shape);
    this.converted.add(value);
  }

  /** Attributes that name or hold the output's dtype. */
  private async convertAttributes(node: Node): Promise<void> {
    if (Cast.is(node)) node.setAttribute('to', attr.int().encode(DTYPES[this.dtype].onnx));
    if (ConstantOfShape.is(node)) {
      const stored = ConstantOfShape.attributes(node).value;
      const fill = stored ? await stored.load() : float32([0]);
      const bits = toHalf(fill, `node ${node.label}, its value`, this.job.constants);
      node.setAttribute('value', {
        kind: 'tensor',
        value: StoredTensor.of(new Tensor(this.dtype, [1], bits)),
      });
    }
  }

  private connect(node: Node, choose: (value: Value) => Value): void {
    node.inputs.forEach((value, index) => {
      if (!value) return;
      const chosen = choose(value);
      if (chosen !== value) node.setInput(index, chosen);
      dropUnused(this.graph, value);
    });
  }

  /** The float32 form of a value. */
  private wholeOf(value: Value): Value {
    if (!this.converted.has(value)) return value;
    const whole = this.wholes.get(value) ?? this.addCast(value, 'float32');
    this.wholes.set(value, whole);
    return whole;
  }

  /** The 16-bit form of a float32 value. */
  private async halfOf(value: Value): Promise<Value> {
    const isConstant = value.constant && !this.graph.inputs.includes(value);
    const half =
      this.halves.get(value) ?? (isConstant ? await this.halve(value) : this.addCast(value, this.dtype));
    this.halves.set(value, half);
    return half;
  }

  private halve(constant: Value): Promise<Value> {
    const { constants, isInside: resident } = this.job;
    const name = this.newName(`${constant.name}_${this.dtype}`);
    return halveConstant(this.graph, constant, name, { ...constants, resident });
  }

  private castOutput(output: Value, dtype: FloatDType): void {
    const { graph } = this;
    const { name } = output;
    graph.rename(output, this.newName(`${name}_${output.dtype}`));
    const cast = this.addCast(output, dtype, name);
    graph.outputs = graph.outputs.map((value) => (value === output ? cast : value));
  }

  private addCast(value: Value, dtype: FloatDType, name?: string): Value {
    const node = this.graph.emit(
      Cast,
      { input: value },
      { to: DTYPES[dtype].onnx },
      {
        name: `${name ?? value.name}_to_${dtype}`,
        outputNames: [name ?? this.newName(`${value.name}_${dtype}`)],
      },
    );
    const output = outputOf(node);
    output.type = tensorType(dtype, value.shape);
    return output;
  }

  private newName(hint: string): string {
    const { names } = this.job;
    let name = hint;
    for (let suffix = 2; names.has(name); suffix++) name = `${hint}_${suffix}`;
    names.add(name);
    return name;
  }
}

function isWhole(value: Value): boolean {
  return value.dtype === 'float32';
}

/** The values of a body that stand for a value around it. */
function standsFor(node: Node, { graph, sources }: Subgraph, value: Value): Value[] {
  return graph.captures.filter((_, i) => node.captures[sources[i] ?? -1] === value);
}

function inside(job: HalfJob, wide: HalfJob['wide']): HalfJob {
  return { ...job, wide, isInside: true, recipe: recipeInside(job.recipe) };
}
