import type { QuantizedType } from '../quant/index.js';
import type { DType, StoredTensor } from '../tensor/index.js';
import type { CaptureSite } from './inferred-node.js';
import type { Node } from './node.js';
import type { Writable } from './writable.js';

/** A dimension: a size, a symbolic name such as `batch`, or null when nothing is known. */
export type Dim = number | string | null;

/** The type of a tensor value; `shape` is absent when not even the rank is known. */
export interface TensorType {
  readonly kind: 'tensor';
  readonly dtype: DType;
  readonly shape?: readonly Dim[] | undefined;
  /** Present when the integers stand for real numbers: `dtype` is then `quantized.storage`. */
  readonly quantized?: QuantizedType | undefined;
}

/** A type that Octavo carries but does not compute with (sequence, map, optional, sparse): its encoded `TypeProto`. */
export interface OpaqueType {
  readonly kind: 'opaque';
  readonly encoded: Uint8Array;
}

export type ValueType = TensorType | OpaqueType;

export function tensorType(dtype: DType, shape?: readonly Dim[], quantized?: QuantizedType): TensorType {
  return { kind: 'tensor', dtype, shape, quantized };
}

const NOBODY: readonly Node[] = [];

/**
 * An SSA value: the output of one node, a graph input, a capture, or an initializer.
 * Created and connected only by `Graph`.
 */
export class Value {
  /** Unique in its graph. */
  name: string;
  /** An initializer's elements. */
  constant: StoredTensor | undefined;
  /** Description carried from the file. */
  docString = '';
  /** The node that computes this value; undefined for inputs, captures and initializers. */
  readonly producer: Node | undefined = undefined;
  /** Whether a node reads this value. */
  readonly isRead: boolean = false;
  /** The type, where it is that of a tensor, and what it says. */
  readonly tensorType: TensorType | undefined = undefined;
  readonly dtype: DType | undefined = undefined;
  readonly shape: readonly Dim[] | undefined = undefined;
  readonly quantized: QuantizedType | undefined = undefined;
  /** @internal In a capture: where `inferTypes` last saw it captured. */
  captured: CaptureSite | undefined = undefined;
  private currentType: ValueType | undefined = undefined;
  /** The node that reads this value, and how often, while it is one at most, as it is for most values. */
  private reader: Node | undefined = undefined;
  private readings = 0;
  /** All nodes that read it, and how often, once there were two. */
  private readers: Map<Node, number> | undefined = undefined;
  /** What `users` gave, until a reader comes or goes. */
  private userList: readonly Node[] | undefined = undefined;

  constructor(name: string, type?: ValueType, constant?: StoredTensor) {
    this.name = name;
    this.constant = constant;
    if (type) this.type = type;
  }

  /** Undefined until read or inferred. */
  get type(): ValueType | undefined {
    return this.currentType;
  }

  set type(type: ValueType | undefined) {
    const tensor = type?.kind === 'tensor' ? type : undefined;
    const self = this as Writable<Value>;
    this.currentType = type;
    self.tensorType = tensor;
    self.dtype = tensor?.dtype;
    self.shape = tensor?.shape;
    self.quantized = tensor?.quantized;
  }

  /** The nodes that read this value, each once. */
  get users(): readonly Node[] {
    this.userList ??= this.readers ? [...this.readers.keys()] : this.reader ? [this.reader] : NOBODY;
    return this.userList;
  }

  /** @internal Called by Node only. */
  countOperand(node: Node, change: 1 | -1): void {
    const self = this as Writable<Value>;
    this.userList = undefined;
    if (!this.readers && (this.reader ?? node) === node) {
      this.readings += change;
      self.isRead = this.readings > 0;
      this.reader = self.isRead ? node : undefined;
      return;
    }
    this.readers ??= new Map(this.reader && [[this.reader, this.readings]]);
    const count = (this.readers.get(node) ?? 0) + change;
    if (count > 0) this.readers.set(node, count);
    else this.readers.delete(node);
    self.isRead = this.readers.size > 0;
  }
}
