import { float32 } from '@octavo/core/tensor';
import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import { calibrateModel } from '@octavo/quantizer';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { fastSessions } from 'octavo';
import { resNet50 } from './resnet50.mjs';

/** The processes under test: `node process.mjs generate|bare|calibrate MODEL.onnx [IMAGES]`. */
const [job = '', path = '', count = '0'] = process.argv.slice(2);
const SHAPE = [1, 3, 224, 224];

/** Random images, one after another in the same place. @param {number} total */
function* images(total) {
  const pixels = new Float32Array(SHAPE.reduce((size, dim) => size * dim, 1));
  for (let image = 0; image < total; image++) {
    for (let i = 0; i < pixels.length; i++) pixels[i] = 4 * Math.random() - 2;
    yield { feeds: { image: float32(pixels, SHAPE) } };
  }
}

/** @type {Readonly<Record<string, () => Promise<void>>>} */
const jobs = {
  generate: () => saveOnnx(resNet50(), path),
  bare: async () => {
    const session = await createOnnxRuntimeSession(path);
    for (const { feeds } of images(Number(count))) await session.run(feeds);
    session.dispose();
  },
  calibrate: async () => {
    const { samples } = await calibrateModel(await loadOnnx(path), images(Number(count)), {
      createSession: fastSessions(),
    });
    if (samples !== Number(count)) throw new Error(`${samples} samples were seen`);
  },
};

const work = jobs[job];
if (!work) throw new Error(`usage: process.mjs ${Object.keys(jobs).join('|')} MODEL.onnx [IMAGES]`);
await work();
