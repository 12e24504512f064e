import { fastSessions, loadOnnx, openDataset, quantizeModel, saveOnnx } from 'octavo';

const source = await loadOnnx('model.onnx');
const data = await openDataset('calibration/', {
  inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 32] }],
});
const { model, report } = await quantizeModel(source, {
  recipe: { mode: 'static', observer: 'percentile' },
  calibration: data.samples(),
  createSession: fastSessions(),
});
await saveOnnx(model, 'model.int8.onnx', { inputs: ['model.onnx'] });
console.log(`${report.decisions.filter((each) => each.quantized).length} nodes quantized`);
