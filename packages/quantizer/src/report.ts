import type { Node } from '@octavo/core/ir';
import type { Recipe } from './recipe.js';

/** What happened to one node. */
export interface NodeDecision {
  readonly node: string;
  readonly op: string;
  readonly quantized: boolean;
  /** Why it stayed float, or how its weights were quantized. */
  readonly because: string;
}

/** The parameters of one activation. */
export interface ActivationRange {
  readonly value: string;
  readonly min: number;
  readonly max: number;
  readonly scale: number;
  readonly zeroPoint: number;
}

/** What a quantization did. */
export interface QuantizationReport {
  readonly recipe: Recipe;
  readonly decisions: readonly NodeDecision[];
  readonly activations: readonly ActivationRange[];
  /** Samples that calibration saw. */
  readonly samples: number;
  /** What the passes did before quantization, one line each. */
  readonly preparation: readonly string[];
  readonly warnings: readonly string[];
}

/** Collects the report while the stages run. */
export class ReportBuilder {
  readonly decisions: NodeDecision[] = [];
  readonly activations: ActivationRange[] = [];
  readonly preparation: string[] = [];
  readonly warnings: string[] = [];
  samples = 0;

  /** Notes nodes that stay as they are, with the graphs inside them, and why. */
  keep(nodes: ReadonlyMap<Node, string>): void {
    for (const [node, because] of nodes)
      this.decisions.push({ node: node.label, op: node.op.name, quantized: false, because });
  }

  build(recipe: Recipe): QuantizationReport {
    return {
      recipe,
      decisions: this.decisions,
      activations: this.activations,
      samples: this.samples,
      preparation: this.preparation,
      warnings: this.warnings,
    };
  }
}
