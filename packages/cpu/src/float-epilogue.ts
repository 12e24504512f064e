/** A function of one number at the end of a float product. */
export type FloatActivation =
  /** `min(max(x, min), max)`; the limits are infinite by default. */
  | { readonly kind: 'clip'; readonly min?: number | undefined; readonly max?: number | undefined }
  /** `x` where it is at least 0, `alpha * x` otherwise. */
  | { readonly kind: 'leakyRelu'; readonly alpha: number }
  /** `min(max(alpha * x + beta, 0), 1)`; 0.2 and 0.5 by default. */
  | { readonly kind: 'hardSigmoid'; readonly alpha?: number | undefined; readonly beta?: number | undefined }
  /** `x * min(max(x / 6 + 0.5, 0), 1)` */
  | { readonly kind: 'hardSwish' };

/** What becomes of the sums: `y = activation(sum + bias[c] + residual[r, c])`. */
export interface FloatEpilogue {
  /** One value a column (output channel). */
  readonly bias?: Float32Array | undefined;
  /** Laid out like the output, which it may be. */
  readonly residual?: Float32Array | undefined;
  readonly activation?: FloatActivation | undefined;
}

/** An activation as the addon takes it: its number, alpha and beta. */
export function nativeActivation(activation: FloatActivation | undefined): Float32Array {
  switch (activation?.kind) {
    case undefined:
      return Float32Array.of(0, 0, 0);
    case 'clip': {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = activation;
      return Float32Array.of(1, min, max);
    }
    case 'leakyRelu':
      return Float32Array.of(2, activation.alpha, 0);
    case 'hardSigmoid':
      return Float32Array.of(3, activation.alpha ?? 0.2, activation.beta ?? 0.5);
    case 'hardSwish':
      return Float32Array.of(4, 1 / 6, 0.5);
  }
}
