import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';

const WORKERS = 24;

/** Runs a program without end, from calls in this thread, in others, and several at once. */
const WORKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { path, token, form, length } = workerData;
  const binding = require(path);
  const [program] = binding.openProgram(...token);
  const input = new Float32Array(length), output = new Float32Array(length);
  const start = () => binding.startProgram(program, [input], [output], start);
  if (form !== 'sync') for (let i = 0; i < 4; i++) start();
  parentPort.postMessage('running');
  while (form === 'sync') binding.runProgram(program, [input], [output], undefined);
  if (form === 'throwing') setInterval(() => { try { binding.startProgram(program, [], [], start); } catch {} });
`;

/** Ends workers at different moments of their runs, and says so. */
const MAIN = `
  const { Worker } = require('node:worker_threads');
  const { setTimeout: rest } = require('node:timers/promises');
  const [path, form] = process.argv.slice(1);
  const binding = require(path);
  const length = 1 << 18, bytes = 4 * length;
  const copy = binding.opNames().indexOf('copy');
  const program = binding.createProgram(
    Int32Array.of(copy, 2, 7, 0, 1, 4, 0, 0, 1, length, 1, 1), Float64Array.of(1, 0, bytes, 2, 0, bytes), 64,
    [], [], Float64Array.of(bytes), Float64Array.of(bytes), 1, '');
  (async () => {
    for (let ended = 0; ended < ${WORKERS}; ended++) {
      const workerData = { path, token: binding.shareProgram(program), form, length };
      const worker = new Worker(${JSON.stringify(WORKER)}, { eval: true, workerData });
      worker.on('error', (error) => { throw error; });
      await new Promise((resolve) => worker.once('message', resolve));
      await rest(ended / 4);
      await worker.terminate();
    }
    console.log('all ended');
  })();
`;

/** An uncaught exception in native code would take the process along: each test has one of its own. */
describeWithAddon('a worker that is ended', ({ path }) => {
  it.each(['sync', 'async', 'throwing'])(
    'amid its runs leaves the process alone: %s',
    (form) => {
      const child = spawnSync(process.execPath, ['-e', MAIN, path, form], { encoding: 'utf8' });
      expect(child).toMatchObject({ status: 0, stdout: 'all ended\n', stderr: '' });
    },
    60_000,
  );
});
