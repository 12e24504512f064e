import { type Evaluation, evaluate, fidelityMetrics, type ModelScores } from '@octavo/evaluation';
import type { NamedSegmentation } from '../cli/judging.js';

/**
 * How close outputs are to the original's by each fidelity metric, overall and by segment. Where a sample has no label, or one
 * for each of its rows, closeness is divided by the label only if that is demanded; what is left out is noticed.
 * @param demanded Specifications that are reported or refused, never left out.
 * @throws EvaluationError as `divide`.
 */
export function evaluateFidelity(
  fidelity: ModelScores['fidelity'],
  segmentations: readonly NamedSegmentation[],
  notice: (line: string) => void,
  demanded: ReadonlySet<string> = new Set(),
): Evaluation[] {
  const scored = fidelityMetrics.map((metric) => ({ metric, scores: fidelity.get(metric.name) ?? [] }));
  const bare = scored.flatMap(({ scores }) => scores).find(({ label }) => Number.isNaN(label));
  const divisible = ({ column, spec }: NamedSegmentation): boolean =>
    column !== 'label' || bare === undefined || demanded.has(spec);
  for (const { spec } of segmentations.filter((each) => !divisible(each)))
    notice(
      `closeness to the original is not divided by ${spec}: ${bare?.id} has no label, or one for each row.`,
    );
  const named = segmentations.filter(divisible);
  return scored.map(({ metric, scores }) => evaluate(metric, scores, { segmentations: named }));
}
