import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import { type CalibrationSample, quantizeModel, recipes } from '@octavo/quantizer';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';

export async function quantizeFile(path: string, out: string, samples: Iterable<CalibrationSample>) {
  const { model, report } = await quantizeModel(await loadOnnx(path), {
    recipe: recipes.staticInt8({ observer: 'percentile', exclude: ['/head/*'] }),
    calibration: samples,
    createSession: (float, { taps }) => createSession(float, { backends: [reference()], taps }),
  });
  await saveOnnx(model, out, { inputs: [path] });
  return report;
}
