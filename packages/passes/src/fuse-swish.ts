import {
  Add,
  Clip,
  Clip6,
  Div,
  HardSigmoid,
  HardSwish,
  Mul,
  type Node,
  type Pass,
  Sigmoid,
  Swish,
  type Value,
} from '@octavo/core/ir';
import { type Fusion, type FusionOptions, fusionPass } from './fusing/fusion.js';
import { isAbout, ordered, producedBy, scalarOf } from './fusing/operands.js';
import { productOf } from './fusing/product.js';

/** The ops that give what x is multiplied with. */
const GATES = [Sigmoid, HardSigmoid, Clip, Clip6];

/** Turns `x sigmoid(alpha x)` into Swish, and `x clamp(x / 6 + 1/2, 0, 1)` in its usual spellings into HardSwish. */
export function fuseSwish(options: FusionOptions = {}): Pass {
  return fusionPass('fuse-swish', { roots: [Mul, Div], marks: GATES }, findSwish, options);
}

/** What x is multiplied with. */
interface Gate {
  readonly x: Value;
  readonly nodes: readonly Node[];
  /** What the whole product must be scaled with. */
  readonly scale: number;
  readonly emit: Fusion['emit'];
}

function findSwish(root: Node): Fusion | string | undefined {
  if (!root.output) return undefined;
  const { scale, factors, nodes } = productOf(root.output);
  if (nodes.at(-1) !== root || factors.length !== 2) return undefined;
  const gates = factors.map((factor) => swishGate(factor) ?? hardGate(factor));
  const index = gates.findIndex((gate, i) => gate !== undefined && gate.x === factors[1 - i]);
  const gate = gates[index];
  if (!gate) return undefined;
  if (!isAbout(scale, gate.scale)) return `its factor is ${scale}, not ${gate.scale}`;
  return { parts: [...gate.nodes, ...nodes], emit: gate.emit };
}

/** `sigmoid(alpha x)` */
function swishGate(value: Value): Gate | undefined {
  const sigmoid = producedBy(value, Sigmoid);
  const argument = sigmoid?.inputs[0];
  if (!sigmoid || !argument) return undefined;
  const inner = productOf(argument);
  const [x] = inner.factors;
  const scaled = inner.nodes.length > 0 && inner.factors.length === 1 && argument.users.length === 1;
  const source = scaled && x ? x : argument;
  return {
    x: source,
    nodes: [...(scaled ? inner.nodes : []), sigmoid],
    scale: 1,
    emit: (graph) => graph.emit(Swish, { X: source }, { alpha: scaled ? inner.scale : 1 }),
  };
}

/** `HardSigmoid(x, 1/6, 1/2)`, or `clamp(x + 3, 0, 6)`, whose product with x is divided by 6. */
function hardGate(value: Value): Gate | undefined {
  const sigmoid = producedBy(value, HardSigmoid);
  const x = sigmoid?.inputs[0];
  if (sigmoid && x) {
    const { alpha, beta } = HardSigmoid.attributes(sigmoid);
    return isAbout(alpha, 1 / 6) && isAbout(beta, 0.5) ? hardSwish(x, [sigmoid], 1) : undefined;
  }
  const clip = producedBy(value, Clip, Clip6);
  const add = clip && producedBy(clip.inputs[0], Add);
  const sum = add && ordered(add, (each) => (isAbout(scalarOf(each), 3) ? 3 : undefined));
  if (!clip || !add || !sum || !clampsToSix(clip)) return undefined;
  return hardSwish(sum.other, [add, clip], 1 / 6);
}

function hardSwish(x: Value, nodes: readonly Node[], scale: number): Gate {
  return { x, nodes, scale, emit: (graph) => graph.emit(HardSwish, { X: x }) };
}

function clampsToSix(clip: Node): boolean {
  const [min, max] = Clip6.is(clip)
    ? [Clip6.attributes(clip).min, Clip6.attributes(clip).max]
    : [scalarOf(clip.inputs[1]), scalarOf(clip.inputs[2])];
  return min === 0 && max === 6;
}
