import { join } from 'node:path';
import type { Sample } from '@octavo/datasets';
import { evaluate, type Scored, type Summary, scoreModels, sqnr } from '@octavo/evaluation';
import type { Session } from '@octavo/runtime';
import { labelBy } from '../../tests/real/decisions.js';
import { score } from '../../tests/real/quantized-runs.js';
import type { LabelledModel, QuantizedModel, UnlabelledModel } from '../../tests/real/real-model.js';

/** A public model as both quantizers get it, and how their results are judged. */
export interface Subject {
  readonly model: QuantizedModel;
  readonly path: string;
  readonly calibration: readonly Sample[];
  readonly metric: Summary;
  scored(session: Session): Promise<readonly Scored[]>;
  /** What a result is worth: its drop against the float model, or its SQNR. */
  worth(scored: readonly Scored[]): number;
}

/** Judged by its labels: the worth is the drop. */
export async function labelledSubject(
  model: LabelledModel,
  folder: string,
  float: Session,
): Promise<Subject> {
  const found = await model.test(folder, float);
  const byFloat = model.labels === 'float model' && model.decide;
  const samples = byFloat ? await labelBy(float, found, byFloat) : found;
  const original = await score(model, float, samples);
  const metric = model.judge ?? model.metric;
  return {
    model,
    path: join(folder, model.file),
    calibration: await model.calibration(folder, float),
    metric,
    scored: (session) => score(model, session, samples),
    worth: (scored) => evaluate(metric, scored, { original }).overall.original?.drop ?? Number.NaN,
  };
}

/** Judged by the outputs of the float model: the worth is the SQNR. */
export async function unlabelledSubject(
  model: UnlabelledModel,
  folder: string,
  float: Session,
): Promise<Subject> {
  const samples = await model.inputs(folder);
  return {
    model,
    path: join(folder, model.file),
    calibration: await model.calibration(folder, float),
    metric: sqnr,
    scored: async (session) => {
      const { fidelity } = await scoreModels(session, samples, { fidelity: [sqnr], original: float });
      return fidelity.get(sqnr.name) ?? [];
    },
    worth: (scored) => evaluate(sqnr, scored).overall.value,
  };
}
