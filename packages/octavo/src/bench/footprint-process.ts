import type { Session } from '@octavo/runtime';
import type { Runtime } from './footprint.js';

type Create = (model: string, dims: Readonly<Record<string, number>>) => Promise<Session>;

/** Readies what only this program needs of a runtime; what it gives then loads what a session needs, and no more. */
const PREPARE: Readonly<Record<Runtime, () => Promise<() => Promise<Create>>>> = {
  octavo: async () => async () => {
    const { createSession } = await import('@octavo/runtime');
    const { defaultBackends } = await import('../sessions.js');
    const backends = defaultBackends();
    return (model, dims) => createSession(model, { backends, dims });
  },
  onnxruntime: async () => {
    const { createOnnxRuntimeSession } = await import('@octavo/runtime/onnxruntime');
    return async () => {
      await import('onnxruntime-node');
      return (model) => createOnnxRuntimeSession(model, { exact: false });
    };
  },
};

const [model = '', runtime = '', sizes = '{}'] = process.argv.slice(2);
const dims: Record<string, number> = JSON.parse(sizes);
const load = await PREPARE[runtime === 'octavo' ? 'octavo' : 'onnxruntime']();
const start = performance.now();
const create = await load();
const loaded = performance.now();
const session = await create(model, dims);
const created = performance.now();
const { randomFeeds } = await import('../cli/random-feeds.js');
const ports = session.inputs.map((port) => ({
  ...port,
  shape: port.shape?.map((dim) => (typeof dim === 'string' ? (dims[dim] ?? dim) : dim)),
}));
await session.run(randomFeeds(ports, 1));
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ loading: loaded - start, creation: created - loaded, peakBytes }));
