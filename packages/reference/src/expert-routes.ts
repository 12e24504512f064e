import type { Shape } from '@octavo/core/tensor';
import type { FloatArray } from './floats.js';
import { refuse } from './integer-operands.js';

/** A row of a mixture's input that one expert takes part in. */
export interface Route {
  readonly row: number;
  readonly weight: number;
}

/** How rows choose experts. */
export interface Routing {
  /** Experts a row. */
  readonly k: number;
  /** What weighs the chosen experts, `[rows, experts]`; their softmax where it is left out. */
  readonly weights: FloatArray | undefined;
  /** Divides given weights by their sum. */
  readonly normalize: boolean;
}

/** Shares up to this are not worth an expert's work; onnxruntime's bound, which decides what such a row gives. */
const NEGLIGIBLE = 1e-8;

/**
 * For each expert the rows that go through it. A row chooses the `k` greatest of its scores; of equals the later one.
 * @throws KernelError `KERNEL_OPERAND` when there are fewer experts.
 */
export function routeRows(scores: FloatArray, [rows = 0, experts = 0]: Shape, routing: Routing): Route[][] {
  const { k, weights, normalize } = routing;
  if (k < 1 || k > experts) refuse(`a row cannot choose ${k} of ${experts} experts.`);
  const routes = Array.from({ length: experts }, (): Route[] => []);
  for (let row = 0; row < rows; row++) {
    const score = (expert: number) => scores[row * experts + expert] ?? 0;
    const chosen = Array.from({ length: experts }, (_, expert) => expert)
      .sort((a, b) => score(b) - score(a) || b - a)
      .slice(0, k);
    const most = score(chosen[0] ?? 0);
    const shares = chosen.map((expert) =>
      weights ? (weights[row * experts + expert] ?? 0) : Math.exp(score(expert) - most),
    );
    const sum = weights && !normalize ? 1 : shares.reduce((a, b) => a + b, 0);
    chosen.forEach((expert, i) => {
      const weight = sum === 0 ? 0 : (shares[i] ?? 0) / sum;
      if (weight > NEGLIGIBLE) routes[expert]?.push({ row, weight });
    });
  }
  return routes;
}
