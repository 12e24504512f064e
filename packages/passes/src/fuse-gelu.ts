import { Add, Erf, Gelu, Mul, type Node, type Pass, Pow, Tanh, type Value } from '@octavo/core/ir';
import { type Fusion, type FusionOptions, fusionPass } from './fusing/fusion.js';
import { isAbout, ordered, producedBy, scalarOf } from './fusing/operands.js';
import { productOf } from './fusing/product.js';

/**
 * Turns `x / 2 (1 + erf(x / sqrt 2))`, and its approximation `x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, into
 * Gelu, in whatever order the factors are multiplied.
 */
export function fuseGelu(options: FusionOptions = {}): Pass {
  return fusionPass('fuse-gelu', { roots: [Mul], marks: [Erf, Tanh] }, findGelu, options);
}

/** The curve within Gelu, and the nodes that compute it. */
interface Curve {
  readonly approximate: 'none' | 'tanh';
  readonly x: Value;
  readonly nodes: readonly Node[];
}

function findGelu(root: Node): Fusion | string | undefined {
  if (!root.output) return undefined;
  const { scale, factors, nodes } = productOf(root.output);
  if (factors.length !== 2) return undefined;
  const curves = factors.map(curveOf);
  const index = curves.findIndex((curve) => curve !== undefined);
  const [curve, x] = [curves[index], factors[1 - index]];
  if (!curve || !x || curve.x !== x) return undefined;
  if (!isAbout(scale, 0.5)) return `its factor is ${scale}, not 1/2`;
  return {
    parts: [...curve.nodes, ...nodes],
    emit: (graph) => graph.emit(Gelu, { X: x }, { approximate: curve.approximate }, { name: root.name }),
  };
}

function curveOf(value: Value): Curve | undefined {
  const add = producedBy(value, Add);
  const sum = add && ordered(add, (each) => (isAbout(scalarOf(each), 1) ? 1 : undefined));
  const bend = sum && producedBy(sum.other, Erf, Tanh);
  const argument = bend?.inputs[0];
  if (!add || !bend || !argument) return undefined;
  const inner = Erf.is(bend) ? erfArgument(argument) : tanhArgument(argument);
  return (
    inner && {
      approximate: Erf.is(bend) ? 'none' : 'tanh',
      x: inner.x,
      nodes: [...inner.nodes, bend, add],
    }
  );
}

interface Argument {
  readonly x: Value;
  readonly nodes: readonly Node[];
}

/** `x / sqrt 2` */
function erfArgument(value: Value): Argument | undefined {
  const { scale, factors, nodes } = productOf(value);
  const [x] = factors;
  return x && factors.length === 1 && isAbout(scale, Math.SQRT1_2) ? { x, nodes } : undefined;
}

/** `sqrt(2 / pi) (x + 0.044715 x^3)` or `sqrt(2 / pi) x (1 + 0.044715 x^2)` */
function tanhArgument(value: Value): Argument | undefined {
  const { scale, factors, nodes } = productOf(value);
  if (!isAbout(scale, Math.sqrt(2 / Math.PI)) || factors.length > 2) return undefined;
  for (const [index, factor] of factors.entries()) {
    const add = producedBy(factor, Add);
    const outer = factors[1 - index];
    const cubic = add && ordered(add, (each) => powerOf(each, outer ? 2 : 3));
    if (!add || !cubic) continue;
    const { x } = cubic.found;
    const fits = outer ? outer === x && isAbout(scalarOf(cubic.other), 1) : cubic.other === x;
    if (fits) return { x, nodes: [...cubic.found.nodes, add, ...nodes] };
  }
  return undefined;
}

/** `0.044715 x^exponent` */
function powerOf(value: Value, exponent: number): Argument | undefined {
  const { scale, factors, nodes } = productOf(value);
  const [x] = factors;
  if (!x || !isAbout(scale, 0.044715)) return undefined;
  if (factors.length === exponent && factors.every((each) => each === x)) return { x, nodes };
  const pow = producedBy(x, Pow);
  const base = pow?.inputs[0];
  if (!pow || !base || factors.length !== 1 || scalarOf(pow.inputs[1]) !== exponent) return undefined;
  return { x: base, nodes: [pow, ...nodes] };
}
