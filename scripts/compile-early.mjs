import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseAst } from 'rolldown/parseAst';

/**
 * Has V8 compile what every session runs together with the bundle that it is in. V8 reads a function declaration twice,
 * for its errors when the module is loaded and again when it is first called; a function expression in parentheses it
 * compiles at once. Which functions sessions run is recorded from sessions of the example model, in float and INT8.
 */

const EXAMPLE = resolve('examples/property-valuation/model/valuation.onnx');

/** Where functions begin, by the URL of their bundle. @typedef {Map<string, Set<number>>} Calls */

/**
 * Rewrites bundles in place; every line stays where it was. Without the native addon nothing is recorded, nor changed.
 * @returns {Promise<number>} how many functions are compiled early
 */
export async function compileEarly() {
  const { loading, running } = await recordCalls();
  let count = 0;
  for (const [url, starts] of running) count += rewrite(url, starts, loading.get(url) ?? new Set());
  return count;
}

/** What is called while the bundles are loaded, and by the creation and the first run of sessions. */
async function recordCalls() {
  const inspector = new Session();
  inspector.connect();
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.startPreciseCoverage', { callCount: true });
  const octavo = await import(bundle('octavo/dist/index.js'));
  const { float32 } = await import(bundle('core/dist/tensor/index.js'));
  const backends = octavo.defaultBackends();
  const loading = await takeCalls(inspector);
  const feeds = { features: float32(new Float32Array(32), [1, 32]) };
  const folder = mkdtempSync(join(tmpdir(), 'octavo-early-'));
  try {
    const quantized = join(folder, 'int8.onnx');
    await quantize(octavo, quantized, backends, feeds);
    await takeCalls(inspector);
    for (const path of backends[0].id === 'cpu' ? [EXAMPLE, quantized] : []) {
      const session = await octavo.createSession(path, { backends });
      await session.run(feeds);
      session.dispose();
    }
    return { loading, running: await takeCalls(inspector) };
  } finally {
    rmSync(folder, { recursive: true });
    inspector.disconnect();
  }
}

/** @param {any} octavo @param {string} path @param {readonly unknown[]} backends @param {object} feeds */
async function quantize({ createSession, loadOnnx, quantizeModel, saveOnnx }, path, backends, feeds) {
  const { model } = await quantizeModel(await loadOnnx(EXAMPLE), {
    calibration: [{ feeds }],
    createSession: (/** @type {unknown} */ float, /** @type {{ taps: string[] }} */ { taps }) =>
      createSession(float, { backends, taps }),
  });
  await saveOnnx(model, path);
}

/** @param {string} path in packages/ */
function bundle(path) {
  return pathToFileURL(resolve('packages', path)).href;
}

/** Functions of our bundles that were called since this was last asked. @param {Session} inspector */
async function takeCalls(inspector) {
  const { result } = await inspector.post('Profiler.takePreciseCoverage');
  /** @type {Calls} */
  const calls = new Map();
  for (const { url, functions } of result) {
    if (!url.startsWith(bundle(''))) continue;
    const called = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
    calls.set(url, new Set(called.map(({ ranges }) => ranges[0]?.startOffset ?? 0)));
  }
  return calls;
}

/**
 * Makes expressions of the declarations that begin at `starts`, but of those that the module needs before their line.
 * @param {string} url @param {ReadonlySet<number>} starts @param {ReadonlySet<number>} loading
 */
function rewrite(url, starts, loading) {
  const path = fileURLToPath(url);
  const code = readFileSync(path, 'utf8');
  const { body } = parseAst(code);
  const named = new Set();
  for (const statement of body) collectNames(statement, named);
  let [text, done, count] = ['', 0, 0];
  for (const statement of body) {
    if (statement.type !== 'FunctionDeclaration' || !statement.id) continue;
    const { id, start, end, async, generator } = statement;
    if (!starts.has(start) || loading.has(start) || named.has(id.name)) continue;
    const head = `var ${id.name} = (${async ? 'async ' : ''}function${generator ? '*' : ''}`;
    text += `${code.slice(done, start)}${head}${code.slice(id.end, end)});`;
    [done, count] = [end, count + 1];
  }
  writeFileSync(path, text + code.slice(done));
  return count;
}

/** Adds what a statement of a module names when it is run, outside of functions. @param {any} node @param {Set<string>} names */
function collectNames(node, names) {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const each of node) collectNames(each, names);
    return;
  }
  if (/^Export|Function/.test(node.type ?? '')) return;
  if (node.type === 'Identifier') names.add(node.name);
  else for (const each of Object.values(node)) collectNames(each, names);
}
