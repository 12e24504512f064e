import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { peakResident } from '../peak-resident.mjs';

/*
 * Quantizes a model with Octavo. usage: quantize-octavo.mjs MODEL OUTPUT RECIPE [CALIBRATION], like its Python peer;
 * RECIPE is JSON.
 */
// As the command line does.
setFlagsFromString('--semi-space-growth-factor=1');
const [model, output, recipe, folder] = process.argv.slice(2);
// Loaded before the clock starts, like the peer's modules; `octavo` itself would load them when they are first called.
const { decodeNpz, fastSessions, loadOnnx, quantizeModel, saveOnnx } = {
  ...(await import('octavo')),
  ...(await import('@octavo/datasets')),
  ...(await import('@octavo/quantizer')),
};
await import('@octavo/runtime/onnxruntime');
// Importing the Python package also starts onnxruntime's environment; here the first session does, even one of no model.
const { InferenceSession } = await import('onnxruntime-node');
await InferenceSession.create(new Uint8Array(1)).catch(() => {});

function* samples() {
  for (const file of readdirSync(folder).sort())
    yield { id: file, feeds: Object.fromEntries(decodeNpz(readFileSync(join(folder, file)), file)) };
}

await rm(output, { force: true });
const start = performance.now();
const { model: quantized } = await quantizeModel(await loadOnnx(model), {
  recipe: JSON.parse(recipe),
  ...(folder ? { calibration: samples() } : {}),
  createSession: fastSessions(),
});
await saveOnnx(quantized, output);
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, peakMiB: peakResident() / 2 ** 20 }));
