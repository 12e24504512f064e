import {
  DequantizeLinear,
  type Graph,
  type Node,
  type PassLog,
  QuantizeLinear,
  supersede,
  type Value,
} from '@octavo/core/ir';
import { type QuantizedType, quantize, sameQuantization } from '@octavo/core/quant';
import { isFloat, StoredTensor } from '@octavo/core/tensor';
import { restoreBounds } from './integer-clamp.js';
import { isMovement, movedValues, movementProblem } from './movement.js';
import type { QparamsReader, QparamsResult } from './node-qparams.js';

/** A statement of one node about what the integers of one value mean. */
export interface Claim {
  readonly value: Value;
  readonly type: QuantizedType;
}

/** Claims of nodes beyond Q and DQ; undefined when the node is not of its concern. */
export type ExtraClaims = (node: Node) => Promise<readonly Claim[] | { readonly reason: string } | undefined>;

/**
 * Puts quantized types on the integer values of a graph: outputs of QuantizeLinear, inputs of DequantizeLinear, what
 * `extra` claims, and what data movement carries on. A value about which nodes disagree, or that a node reads as
 * plain integers, gets none; the log says why.
 */
export async function assignIntegerTypes(
  graph: Graph,
  reader: QparamsReader,
  log: PassLog,
  extra?: ExtraClaims,
): Promise<void> {
  await separateConstants(graph, reader);
  const claims = new Claims();
  for (const node of graph.sorted()) {
    const { key } = node.op;
    if (key === QuantizeLinear.key || key === DequantizeLinear.key) {
      const qparams = reader.ofNode(node);
      const value = key === QuantizeLinear.key ? node.output : node.inputs[0];
      // Most are known, and waiting for each of those takes longer than all else here.
      claims.gatherQparams(node, value, qparams instanceof Promise ? await qparams : qparams);
    } else if (touchesQuantized(node)) claims.gatherTyped(node);
    else claims.gather(node, extra && (await extra(node)));
  }
  claims.settle(graph);
  claims.assign(log);
  restoreBounds(graph);
}

/** QuantizeLinear of a float constant is an integer constant (what quantization-aware training exports). */
export async function quantizeConstants(graph: Graph, reader: QparamsReader): Promise<void> {
  for (const node of graph.nodes) {
    const constant = node.op.key === QuantizeLinear.key ? node.inputs[0]?.constant : undefined;
    const { output } = node;
    if (!constant || !output || graph.isOutput(output)) continue;
    const { type } = await reader.ofNode(node);
    const tensor = await constant.load();
    if (!type || !isFloat(tensor.dtype)) continue;
    const integers = quantize(tensor as Parameters<typeof quantize>[0], type);
    const value = graph.addInitializer(output.name, StoredTensor.of(integers));
    supersede(graph, output, value);
  }
}

/** Gives DequantizeLinear nodes that read one constant with different qparams a constant each. */
async function separateConstants(graph: Graph, reader: QparamsReader): Promise<void> {
  const captured = new Set(graph.captures);
  for (const value of graph.values) {
    const { constant } = value;
    if (!constant || captured.has(value)) continue;
    const { users } = value;
    // A single reader has the constant for itself.
    if (users.length < 2 && !value.quantized) continue;
    const owners: { type: QuantizedType; value: Value }[] = value.quantized
      ? [{ type: value.quantized, value }]
      : [];
    for (const node of users) {
      if (node.op.key !== DequantizeLinear.key || node.inputs[0] !== value) continue;
      const qparams = reader.ofNode(node);
      const { type } = qparams instanceof Promise ? await qparams : qparams;
      if (!type) continue;
      let owner = owners.find((each) => sameQuantization(each.type, type));
      if (!owner) {
        owner = { type, value: owners.length > 0 ? graph.addInitializer(value.name, constant) : value };
        owners.push(owner);
      }
      if (owner.value !== value) node.setInput(0, owner.value);
    }
  }
}

/** Why a value stays plain: in words, or the node that reads or gives it as it is, for which words are seldom needed. */
type Doubt = string | Node;

function inWords(doubt: Doubt): string {
  return typeof doubt === 'string' ? doubt : `${doubt.label} reads or gives plain integers`;
}

/** A node that moves elements, and the values that they are in. */
interface Movement {
  readonly node: Node;
  readonly values: readonly Value[];
}

class Claims {
  private readonly types = new Map<Value, QuantizedType>();
  /** Values that stay plain integers, with the reason. */
  private readonly plain = new Map<Value, Doubt>();
  private readonly movements: Movement[] = [];
  /** The values of one integer op: it is an op on quantized values only where all of them are. */
  private readonly groups: { readonly node: Node; readonly values: readonly Value[] }[] = [];

  /** What a node with types already says. */
  gatherTyped(node: Node): void {
    for (const values of [node.operands, node.outputs])
      for (const value of values) if (value?.quantized) this.claim(value, value.quantized, node);
  }

  /** What any other node says, with its extra claims. */
  gather(node: Node, claims: Awaited<ReturnType<ExtraClaims>>): void {
    if (claims && 'reason' in claims) {
      this.refuseTouched(node, `${node.label}: ${claims.reason}`);
    } else if (claims) {
      for (const { value, type } of claims) this.claim(value, type, node);
      this.groups.push({ node, values: claims.map(({ value }) => value) });
    } else if (isMovement(node)) {
      this.movements.push({ node, values: movedValues(node) });
    } else {
      this.refuseTouched(node, node);
    }
  }

  /** What a QuantizeLinear or DequantizeLinear says of its integers. */
  gatherQparams(node: Node, value: Value | undefined, { type, reason }: QparamsResult): void {
    if (!value) return;
    if (type) this.claim(value, type, node);
    else this.refuse(value, `${node.label}: ${reason}`);
  }

  private claim(value: Value, type: QuantizedType, node: Node): void {
    const known = this.types.get(value) ?? value.quantized;
    if (known && !sameQuantization(known, type)) {
      this.refuse(value, `${node.label} disagrees about its scale or zero point`);
    }
    this.types.set(value, known ?? type);
  }

  private refuse(value: Value, reason: string): void {
    if (!this.plain.has(value)) this.plain.set(value, reason);
  }

  private refuseTouched({ operands, outputs }: Node, reason: Doubt): void {
    this.refuseAll(operands, reason);
    this.refuseAll(outputs, reason);
  }

  private refuseAll(values: readonly (Value | undefined)[], reason: Doubt): void {
    for (const value of values) if (value && !this.plain.has(value)) this.plain.set(value, reason);
  }

  /** Carries types along data movement, and doubts between the values of one op, until nothing changes. */
  settle(graph: Graph): void {
    const limit = graph.values.length + 1;
    for (let round = 0, changed = true; changed && round < limit; round++) {
      changed = false;
      for (const movement of this.movements) changed = this.carry(movement) || changed;
      for (const { node, values } of this.groups) changed = this.agree(node, values) || changed;
    }
  }

  /** An op that stays as it is reads plain integers, whatever they mean. */
  private agree(node: Node, values: readonly Value[]): boolean {
    const before = this.plain.size;
    const doubt = firstOf(this.plain, values);
    if (doubt) this.refuseAll(values, `${node.label} has an operand that is plain: ${inWords(doubt)}`);
    return this.plain.size > before;
  }

  private carry({ node, values }: Movement): boolean {
    const type = firstOf(this.types, values);
    if (!type) return false;
    const reason = firstOf(this.plain, values) ?? this.carryProblem(node, values, type);
    const before = this.types.size + this.plain.size;
    if (reason) this.refuseAll(values, reason);
    else for (const value of values) this.types.set(value, type);
    return this.types.size + this.plain.size > before;
  }

  private carryProblem(node: Node, values: readonly Value[], type: QuantizedType): string | undefined {
    for (const value of values) {
      const other = this.types.get(value);
      if (other && !sameQuantization(other, type)) return `${node.label} moves elements of several scales`;
    }
    return movementProblem(node, type);
  }

  assign(log: PassLog): void {
    for (const [value, type] of this.types) {
      const reason = this.plain.get(value);
      if (reason) log.declined('quantized-type', value.name, inWords(reason));
      else value.type = { kind: 'tensor', dtype: type.storage, shape: value.shape, quantized: type };
    }
  }
}

/** Whether a node already works on quantized values. */
export function isTyped(node: Node): boolean {
  return !QuantizeLinear.is(node) && !DequantizeLinear.is(node) && touchesQuantized(node);
}

function touchesQuantized({ operands, outputs }: Node): boolean {
  for (const value of operands) if (value.quantized) return true;
  for (const value of outputs) if (value?.quantized) return true;
  return false;
}

/** What is known of the first value of which something is. */
function firstOf<T>(known: ReadonlyMap<Value, T>, values: readonly Value[]): T | undefined {
  for (const value of values) {
    const found = known.get(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
