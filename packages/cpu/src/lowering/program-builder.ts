import type { NodePlan, Subgraph } from '@octavo/backend';
import type { Node, Value } from '@octavo/core/ir';
import { checkBytes, OctavoError, type Tensor, type TensorArray } from '@octavo/core/tensor';
import type { NativeBinding, NativeIsa } from '../binding.js';
import { callNative } from '../cpu-error.js';
import { channelsLast } from './channels-last.js';
import { ConstantPool } from './constant-pool.js';
import { layoutCopy } from './copy.js';
import { isLayoutFree, type Layout } from './layout.js';
import type { Block, ComputedBlock, Operand, ProgramOp } from './operand.js';
import { Readers } from './readers.js';
import { elementBytes, shapeOf, valueBytes } from './static-value.js';
import { ValueStore } from './value-store.js';
import type { PackedHandle, WeightCache, WeightLease } from './weight-cache.js';

/** What a program is built from. */
export interface ProgramSource {
  readonly subgraph: Subgraph;
  /** Values that the program gives: the subgraph's outputs, then taps. */
  readonly outputs: readonly Value[];
  /** The elements of every constant that the nodes read or the program gives. */
  readonly constants: ReadonlyMap<Value, Tensor>;
  readonly binding: NativeBinding;
  /** The kernels that the addon has chosen for this machine. */
  readonly isa: NativeIsa;
  readonly cache: WeightCache;
  /** The most bytes of what an op works in. */
  readonly maxTensorBytes: number;
}

/** What is decided about a node so far. */
interface Decision {
  readonly node: Node;
  /** Its position in the subgraph. */
  readonly step: number;
  kernel: string | undefined;
  fusedInto: Node | undefined;
  notes: string[] | undefined;
}

/** Larger constants get a block of their own, which programs share. */
const POOLED_BYTES = 4096;

/**
 * Collects the ops of a program while lowerings describe their nodes, in topological order. A value is stored in the
 * layout that its producer chose; who wants another gets a copy, made once.
 */
export class ProgramBuilder {
  readonly binding: NativeBinding;
  readonly isa: NativeIsa;
  readonly ops: ProgramOp[] = [];
  /** For each op the position in the subgraph of the node that it belongs to. */
  readonly steps: number[] = [];
  readonly pool = new ConstantPool();
  readonly weights: PackedHandle[] = [];
  /** Packed weights and constants that the program uses. */
  readonly leases: WeightLease[] = [];
  readonly #source: ProgramSource;
  readonly #readers: Readers;
  readonly #store = new ValueStore();
  readonly #defined = new Map<Value, Tensor>();
  readonly #decisions = new Map<Node, Decision>();
  #current: Decision | undefined;

  constructor(source: ProgramSource) {
    const { nodes, inputs } = source.subgraph;
    this.binding = source.binding;
    this.isa = source.isa;
    this.#source = source;
    this.#readers = new Readers(nodes, new Set(source.outputs));
    for (const node of nodes) {
      const step = this.#decisions.size;
      this.#decisions.set(node, { node, step, kernel: undefined, fusedInto: undefined, notes: undefined });
    }
    for (const [index, value] of inputs.entries())
      this.#store.put(value, 'nchw', whole({ kind: 'input', index }, valueBytes(value)));
  }

  /** Where a value that is stored, or constant, can be read in a layout (`nchw` by default). */
  operand(value: Value, layout: Layout = 'nchw'): Operand {
    const found = this.#store.find(value, layout);
    if (found) return found;
    const operand = value.constant ? this.#constantValue(value, layout) : this.#converted(value, layout);
    this.#store.put(value, layout, operand);
    return operand;
  }

  /** The layout in which a value can be read without a copy. */
  layoutOf(value: Value): Layout {
    return this.#store.layoutOf(value) ?? 'nchw';
  }

  /**
   * Where an op is to write a value, in a layout (`nchw` by default).
   * @param options.over An operand of the op at whose place it may write element by element; used where nobody reads
   *   what is there any more.
   */
  output(value: Value, options: { readonly layout?: Layout; readonly over?: Operand } = {}): Operand {
    const { layout = 'nchw', over } = options;
    const bytes = valueBytes(value);
    const isOver = over !== undefined && over.bytes === bytes && this.#isFree(over.block);
    const operand = isOver ? over : whole({ kind: 'computed', bytes }, bytes);
    if (isOver) this.#store.overwrite(over.block);
    this.#store.put(value, layout, operand);
    return operand;
  }

  /** For memory that a kernel asks for itself. Throws TensorError `TENSOR_TOO_LARGE` over the limit. */
  checkScratch(bytes: number): void {
    const { label, op } = this.#node();
    checkBytes(bytes, this.#source.maxTensorBytes, 'what it works in', `node ${label} (${op.name})`);
  }

  /** Memory that only the op being emitted uses. Throws TensorError `TENSOR_TOO_LARGE` over the limit. */
  scratch(bytes: number): Operand & { readonly block: ComputedBlock } {
    this.checkScratch(bytes);
    return whole({ kind: 'computed', bytes }, bytes);
  }

  /** Values that no graph value holds, such as a bias or scales. */
  constant(data: TensorArray): Operand {
    return this.pool.add(data);
  }

  /**
   * Packed weights, as the word that ops name them by.
   * @param key How they are packed: equal keys of one constant share one handle.
   * @param beside Constants that are packed with it, such as its scales: only the same ones share it.
   * @throws CpuError naming the node and the constant where the addon refuses them.
   */
  packed(
    value: Value,
    key: string,
    pack: () => PackedHandle,
    beside: readonly (Value | undefined)[] = [],
  ): number {
    const { constant } = value;
    if (!constant) throw missing(value);
    const { label, op } = this.#node();
    const where = `node ${label} (${op.name}), tensor ${value.name}`;
    const { packed } = this.#source.cache;
    const parts = beside.map((each) => each?.constant);
    const lease = callNative(() => packed.acquire(constant, key, pack, parts), where);
    this.leases.push(lease);
    return this.weights.push(lease.handle) - 1;
  }

  /** Adds an op for the current node; `kernel` is the name in its plan, the op's by default. */
  emit(op: ProgramOp, kernel?: string): void {
    this.insert(op);
    const decision = this.#decision();
    decision.kernel = kernel ?? decision.kernel ?? op.name;
  }

  /** Makes `output` another name of the elements of `input`: a reshape, where `layout` is `nchw`. */
  alias(output: Value, input: Value, layout: Layout = 'nchw'): void {
    this.view(output, layout, this.operand(input, layout));
  }

  /** Makes `output` another name of elements that are stored already, in the order of `layout`. */
  view(output: Value, layout: Layout, elements: Operand): void {
    this.#store.put(output, layout, elements);
    this.#decision().kernel ??= 'alias';
  }

  /** The elements of a constant that a node of the subgraph reads, or that a lowering defined. */
  elements(value: Value): Tensor | undefined {
    return this.#defined.get(value) ?? this.#source.constants.get(value);
  }

  /** Gives the elements of a constant that is no value of the subgraph. */
  define(value: Value, elements: Tensor): void {
    this.#defined.set(value, elements);
  }

  /** Adds an op for the current node that its plan is not named after. */
  insert(op: ProgramOp): void {
    this.ops.push(op);
    this.steps.push(this.#decision().step);
  }

  /** Says where the elements of a value are. */
  place(value: Value, layout: Layout, elements: Operand): void {
    this.#store.put(value, layout, elements);
  }

  /** Whether a value can be read by an op that is emitted now. */
  isReady(value: Value): boolean {
    return value.constant !== undefined || this.#store.has(value);
  }

  /** The node that alone reads a value of the current node, where the value need not exist on its own. */
  soleReader(value: Value): Node | undefined {
    return this.#readers.soleReader(value);
  }

  /** Takes over a node that is still to come: the current one computes its outputs too. */
  absorb(node: Node, kernel: string): void {
    const decision = this.#decisions.get(node);
    if (!decision) return;
    decision.kernel = kernel;
    decision.fusedInto = this.#node();
    this.#readers.finish(node);
  }

  /** Tells the reader of `explain()` something about the current node. */
  note(text: string): void {
    const decision = this.#decision();
    decision.notes ??= [];
    decision.notes.push(text);
  }

  /** Begins to lower a node; false where another has absorbed it. */
  enter(node: Node): boolean {
    if (!this.#readers.isWaiting(node)) return false;
    this.#current = this.#decisions.get(node);
    return true;
  }

  /** Ends what {@link enter} began. */
  leave(node: Node): void {
    this.#readers.finish(node);
    this.#current = undefined;
  }

  /** The block of each output of the program, of exactly its size; copies those that cannot be written there at once. */
  outputBlocks(): readonly ComputedBlock[] {
    const given = new Set<ComputedBlock>();
    for (const value of this.#source.outputs) {
      this.#current = value.producer && this.#decisions.get(value.producer);
      const { block, offset, bytes } = this.operand(value);
      const isWhole = block.kind === 'computed' && offset === 0 && block.bytes === bytes;
      given.add(isWhole && !given.has(block) ? block : this.#copied(value));
    }
    return [...given];
  }

  /** One entry a node. */
  plan(): readonly NodePlan[] {
    const plans: NodePlan[] = [];
    for (const { node, kernel = 'nothing', fusedInto, notes } of this.#decisions.values()) {
      if (!fusedInto && !notes) plans.push({ node, kernel });
      else plans.push({ node, kernel, ...(fusedInto && { fusedInto }), ...(notes && { notes }) });
    }
    return plans;
  }

  #node(): Node {
    return this.#decision().node;
  }

  #decision(): Decision {
    if (this.#current) return this.#current;
    throw new OctavoError({ code: 'BACKEND_INTERNAL', message: 'no node is being lowered.' });
  }

  #isFree(block: Block): boolean {
    if (block.kind !== 'computed') return false;
    const node = this.#node();
    const values = this.#store.valuesIn(block);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value && !this.#readers.isLastRead(value, node)) return false;
    }
    return true;
  }

  #constantValue(value: Value, layout: Layout): Operand {
    const tensor = this.elements(value);
    if (!tensor || !value.constant) throw missing(value);
    const data = () => (layout === 'nchw' ? tensor.data : channelsLast(tensor));
    if (tensor.byteLength <= POOLED_BYTES) return this.pool.add(data());
    const lease = this.#source.cache.constants.acquire(value.constant, layout, () =>
      this.binding.makeConstant(data()),
    );
    this.leases.push(lease);
    return whole({ kind: 'constant', handle: lease.handle }, tensor.byteLength);
  }

  #converted(value: Value, layout: Layout): Operand {
    const other: Layout = layout === 'nchw' ? 'nhwc' : 'nchw';
    const from = this.#store.find(value, other);
    if (!from) throw missing(value);
    const shape = shapeOf(value);
    if (isLayoutFree(shape)) return from;
    const to = this.scratch(from.bytes);
    this.insert(
      layoutCopy(shape, elementBytes(value), { operand: from, layout: other }, { operand: to, layout }),
    );
    return to;
  }

  /** A copy for the outputs; the program's first step makes those of values that none of its nodes computes. */
  #copied(value: Value): ComputedBlock {
    const from = this.operand(value);
    const to = whole({ kind: 'computed', bytes: from.bytes } as const, from.bytes);
    const elements = { operand: from, layout: 'nchw' } as const;
    this.ops.push(layoutCopy(shapeOf(value), elementBytes(value), elements, { operand: to, layout: 'nchw' }));
    this.steps.push(this.#current?.step ?? 0);
    return to.block;
  }
}

/** All of a block. */
function whole<B extends Block>(block: B, bytes: number): Operand & { readonly block: B } {
  return { block, offset: 0, bytes };
}

function missing(value: Value): OctavoError {
  return new OctavoError({
    code: 'BACKEND_MISSING_VALUE',
    where: `value ${value.name}`,
    message: 'backend cpu needs it before it was computed.',
  });
}
