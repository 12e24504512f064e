import type { LayerRule } from '../layer-rule.js';
import type { LayerEvidence } from './evidence.js';

/** A reason for the noise of a layer, and what would mend it. */
export interface Finding {
  /** What of the layer's noise it explains, relative as `NoiseSources`. */
  readonly noise: number;
  /** The figures that show it, in words. */
  readonly evidence: string;
  /** What to change, in words. */
  readonly change: string;
  /** The same as rules of a recipe; none where quantizing anew is enough. */
  readonly rules: readonly LayerRule[];
}

/** A way in which quantization loses accuracy. */
export interface Cause {
  readonly name: string;
  /** One sentence for people who have not heard of it. */
  readonly description: string;
  /** Whether the layer itself makes the noise, or those before it. */
  readonly origin: 'own' | 'before';
  /** What it explains of a layer's noise; undefined when nothing speaks for it. */
  examine(layer: LayerEvidence, before: readonly LayerEvidence[]): Finding | undefined;
}
