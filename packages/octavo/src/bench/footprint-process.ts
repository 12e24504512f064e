import { createSession } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { randomFeeds } from '../cli/random-feeds.js';
import { defaultBackends } from '../sessions.js';

const [model = '', runtime = '', sizes = '{}'] = process.argv.slice(2);
const dims: Record<string, number> = JSON.parse(sizes);
const start = performance.now();
const session =
  runtime === 'octavo'
    ? await createSession(model, { backends: defaultBackends(), dims })
    : await createOnnxRuntimeSession(model, { exact: false });
const creation = performance.now() - start;
const ports = session.inputs.map((port) => ({
  ...port,
  shape: port.shape?.map((dim) => (typeof dim === 'string' ? (dims[dim] ?? dim) : dim)),
}));
await session.run(randomFeeds(ports, 1));
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ creation, peakBytes }));
