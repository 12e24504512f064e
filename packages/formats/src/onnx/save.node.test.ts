import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Constant, createModel, Graph, type Model, tensorType } from '@octavo/core/ir';
import { float32, MemoryStorage, OctavoError, type Storage, StoredTensor, zeros } from '@octavo/core/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeModel, layOutModel } from './encode-model.js';
import { loadOnnx } from './load.node.js';
import { type SaveOptions, saveOnnx } from './save.node.js';
import { sourceFiles } from './source-files.node.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-save-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof OctavoError) return error.code;
    throw error;
  }
  return 'accepted';
}

/** A model that gives its weights. */
function modelOf(weights: Readonly<Record<string, StoredTensor>>): Model {
  const graph = new Graph(new Map([['', 17]]));
  for (const [name, tensor] of Object.entries(weights))
    graph.outputs.push(graph.addInitializer(name, tensor));
  return createModel(graph);
}

const ramp = (count: number): StoredTensor =>
  StoredTensor.of(float32(Float32Array.from({ length: count }, (_, i) => i)));

/** A tensor whose bytes are computed when they are read, in any pieces. */
function computed(byteLength: number, onRead: () => void = () => {}): StoredTensor {
  const storage: Storage = {
    byteLength,
    read: async (offset, length) => {
      onRead();
      return Uint8Array.from({ length }, (_, i) => (offset + i) % 251);
    },
  };
  return new StoredTensor('uint8', [byteLength], storage);
}

describe('saveOnnx', () => {
  it('writes one deterministic file when the model is small', async () => {
    const model = modelOf({ w: ramp(1000) });
    await saveOnnx(model, at('a.onnx'));
    await saveOnnx(model, at('b.onnx'));
    expect(readdirSync(folder).sort()).toEqual(['a.onnx', 'b.onnx']);
    expect(readFileSync(at('a.onnx'))).toEqual(readFileSync(at('b.onnx')));
    expect(new Uint8Array(readFileSync(at('a.onnx')))).toEqual(encodeModel(model));
  });

  it('writes tensors above the threshold into the data file, large ones on page boundaries', async () => {
    const shared = ramp(20_000);
    const model = modelOf({ small: ramp(10), large: shared, again: shared, medium: ramp(300) });
    await saveOnnx(model, at('m.onnx'), { externalData: 'always' });
    expect(readdirSync(folder).sort()).toEqual(['m.onnx', 'm.onnx.data']);
    expect(readFileSync(at('m.onnx.data')).length).toBe(80_000 + 1_200);
    const read = await loadOnnx(at('m.onnx'));
    for (const value of model.graph.initializers) {
      expect(await read.graph.value(value.name)?.constant?.load()).toEqual(await value.constant?.load());
    }
    expect(read.graph.value('large')?.constant?.peek()).toBeUndefined();
    expect(read.graph.value('small')?.constant?.peek()).toEqual(ramp(10).peek());
  });

  it('writes large tensors of attributes into the data file too', async () => {
    const model = modelOf({});
    const { graph } = model;
    const attributes = new Map([['value', { kind: 'tensor', value: ramp(2000) } as const]]);
    graph.outputs.push(graph.addValue('c'));
    graph.addNode(Constant, { inputs: [], outputs: graph.outputs, attributes });
    await saveOnnx(model, at('m.onnx'), { externalData: 'always' });
    expect(readFileSync(at('m.onnx.data')).length).toBe(8000);
    const value = (await loadOnnx(at('m.onnx'))).graph.nodes[0]?.attributes.get('value');
    expect(value?.kind === 'tensor' && value.value.peek()).toEqual(ramp(2000).peek());
  });

  it('streams tensors that are computed while they are read', async () => {
    const length = 20 * 2 ** 20;
    let reads = 0;
    await saveOnnx(modelOf({ w: computed(length, () => reads++) }), at('m.onnx'));
    const tensor = await (await loadOnnx(at('m.onnx'))).graph.value('w')?.constant?.load();
    expect(tensor?.bytes.every((byte, i) => byte === i % 251)).toBe(true);
    expect(reads).toBeGreaterThan(1);
  });

  it('chooses the data file by itself above 2 GiB, and refuses a single file', async () => {
    const huge = (): Storage => ({
      byteLength: 2 ** 31,
      read: async () => Promise.reject(new Error('stop')),
    });
    const model = modelOf({ w: new StoredTensor('uint8', [2 ** 31], huge()) });
    expect(await codeOf(saveOnnx(model, at('m.onnx'), { externalData: 'never' }))).toBe('ONNX_TOO_LARGE');
    await expect(saveOnnx(model, at('m.onnx'))).rejects.toThrow('stop');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does not need the tensors in memory to rewrite a model', async () => {
    await saveOnnx(modelOf({ w: ramp(50_000) }), at('a.onnx'));
    await saveOnnx(await loadOnnx(at('a.onnx')), at('b.onnx'));
    expect(readFileSync(at('b.onnx'))).toEqual(readFileSync(at('a.onnx')));
  });
});

describe('the output', () => {
  const refusals: readonly [string, (input: string) => { path: string; options?: SaveOptions }][] = [
    ['the input', (input) => ({ path: input })],
    [
      'the input through a link',
      (input) => {
        symlinkSync(input, at('link.onnx'));
        return { path: at('link.onnx') };
      },
    ],
    [
      'the input under a second name',
      (input) => {
        linkSync(input, at('hard.onnx'));
        return { path: at('hard.onnx') };
      },
    ],
    ["the input's data file", (input) => ({ path: `${input}.data` })],
    [
      'a file whose data file would be one of the input',
      (input) => {
        linkSync(`${input}.data`, at('out.onnx.data'));
        return { path: at('out.onnx'), options: { externalData: 'always' } };
      },
    ],
  ];

  it.each(refusals)('may not be %s', async (_, choose) => {
    const input = at('in.onnx');
    await saveOnnx(modelOf({ w: ramp(5000) }), input, { externalData: 'always' });
    const before = readFileSync(input);
    const { path, options } = choose(input);
    const model = await loadOnnx(input);
    const files = readdirSync(folder);
    expect(await codeOf(saveOnnx(model, path, { ...options, inputs: [input] }))).toBe('OUTPUT_IS_INPUT');
    expect(readFileSync(input)).toEqual(before);
    expect(readdirSync(folder)).toEqual(files);
  });

  it('may not be a file that tensors are still read from, even when nobody names it', async () => {
    await saveOnnx(modelOf({ w: ramp(50) }), at('in.onnx'));
    const model = await loadOnnx(at('in.onnx'));
    expect(sourceFiles(model)).toEqual([at('in.onnx')]);
    expect(await codeOf(saveOnnx(model, at('in.onnx')))).toBe('OUTPUT_IS_INPUT');
  });

  it('may not be a file that the constants of local functions are still read from', async () => {
    const { graph } = modelOf({});
    const node = graph.emit(Constant, {}, { value: ramp(50_000) });
    if (node.output) graph.outputs.push(node.output);
    const described = { domain: 'mine', name: 'Fixed', overload: '', docString: '' };
    const model = modelOf({});
    model.functions.push({ ...described, attributes: [], defaults: new Map(), graph });
    await saveOnnx(model, at('in.onnx'));
    const read = await loadOnnx(at('in.onnx'));
    expect(sourceFiles(read)).toEqual([at('in.onnx')]);
    expect(await codeOf(saveOnnx(read, at('in.onnx')))).toBe('OUTPUT_IS_INPUT');
  });

  it.each([
    ['lies in a folder that does not exist', () => at('nowhere/m.onnx')],
    [
      'is a folder',
      () => {
        mkdirSync(at('folder'));
        return at('folder');
      },
    ],
  ])('that %s is refused and nothing is left', async (_, path) => {
    const target = path();
    const before = readdirSync(folder);
    expect(await codeOf(saveOnnx(modelOf({ w: ramp(5) }), target))).toBe('FILE_UNWRITABLE');
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('an interrupted write', () => {
  const modes: readonly SaveOptions['externalData'][] = ['auto', 'always'];

  it.each(modes)('leaves the old files alone when it is aborted (%s)', async (externalData) => {
    writeFileSync(at('m.onnx'), 'old model');
    writeFileSync(at('m.onnx.data'), 'old data');
    const abort = new AbortController();
    const weights = { a: ramp(5000), b: computed(10 * 2 ** 20, () => abort.abort(new Error('interrupted'))) };
    const save = saveOnnx(modelOf(weights), at('m.onnx'), { externalData, signal: abort.signal });
    await expect(save).rejects.toThrow('interrupted');
    expect(readdirSync(folder).sort()).toEqual(['m.onnx', 'm.onnx.data']);
    expect(readFileSync(at('m.onnx'), 'utf8')).toBe('old model');
    expect(readFileSync(at('m.onnx.data'), 'utf8')).toBe('old data');
  });

  it('leaves nothing when a tensor cannot be read', async () => {
    const failing: Storage = { byteLength: 4, read: async () => Promise.reject(new Error('no')) };
    const short: Storage = { byteLength: 4, read: async () => new Uint8Array(3) };
    for (const storage of [failing, short]) {
      const model = modelOf({ a: ramp(5000), w: new StoredTensor('float32', [1], storage) });
      await expect(saveOnnx(model, at('m.onnx'))).rejects.toThrow(/no|gave 3 of 4 bytes/);
      expect(readdirSync(folder)).toEqual([]);
    }
  });
});

describe('external data', () => {
  /** A model whose weight says that its elements lie at `location`. */
  async function writeReferring(location: string, data: string): Promise<string> {
    const model = modelOf({
      w: new StoredTensor('float32', [1000], new MemoryStorage(zeros('float32', [1000]).bytes)),
    });
    await saveOnnx(model, at('XXXXXXXX'), { externalData: 'always' });
    const bytes = readFileSync(at('XXXXXXXX'));
    const text = bytes.toString('latin1').replace('XXXXXXXX.data', location.padEnd(13, '/'));
    writeFileSync(at('m.onnx'), text, 'latin1');
    rmSync(at('XXXXXXXX'));
    rmSync(at('XXXXXXXX.data'));
    if (data) writeFileSync(at(data), new Uint8Array(4000));
    return at('m.onnx');
  }

  it('is found by its place beside the model', async () => {
    mkdirSync(at('sub'));
    const model = await loadOnnx(await writeReferring('sub/./w12.bin', 'sub/w12.bin'));
    expect(model.graph.value('w')?.type).toEqual(tensorType('float32', [1000]));
  });

  it.each([
    ['is missing', 'missing12.bin', '', 'ONNX_EXTERNAL_MISSING'],
    ['climbs out of the folder', '../wwww12.bin', '', 'ONNX_EXTERNAL_PATH'],
    ['has an absolute path', '/etc/hostname', '', 'ONNX_EXTERNAL_PATH'],
    ['has a Windows path', 'C:\\weight.bin', '', 'ONNX_EXTERNAL_PATH'],
  ])('that %s is refused', async (_, location, data, code) => {
    expect(await codeOf(loadOnnx(await writeReferring(location, data)))).toBe(code);
  });

  it('behind a link out of the folder is refused', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'octavo-outside-'));
    writeFileSync(join(outside, 'secret'), new Uint8Array(4000));
    symlinkSync(join(outside, 'secret'), at('weights12.bin'));
    expect(await codeOf(loadOnnx(await writeReferring('weights12.bin', '')))).toBe('ONNX_EXTERNAL_PATH');
    rmSync(outside, { recursive: true });
  });

  it('is found from a link to the model, as model caches have them', async () => {
    mkdirSync(at('blobs'));
    mkdirSync(at('snapshot'));
    await saveOnnx(modelOf({ w: ramp(20_000) }), at('blobs/model'), { externalData: 'always' });
    symlinkSync('../blobs/model', at('snapshot/model.onnx'));
    symlinkSync('../blobs/model.data', at('snapshot/model.data'));
    const { graph } = await loadOnnx(at('snapshot/model.onnx'));
    expect(await graph.value('w')?.constant?.load()).toEqual(ramp(20_000).peek());
  });

  it('that is too short is refused', async () => {
    const path = await writeReferring('weights12.bin', 'weights12.bin');
    writeFileSync(at('weights12.bin'), new Uint8Array(3999));
    expect(await codeOf(loadOnnx(path))).toBe('ONNX_EXTERNAL_RANGE');
  });
});

describe('loadOnnx', () => {
  it.each([
    ['a missing file', () => at('missing.onnx')],
    ['a folder', () => folder],
  ])('refuses %s', async (_, path) => {
    expect(await codeOf(loadOnnx(path()))).toBe('FILE_UNREADABLE');
  });

  it.skipIf(process.platform === 'win32')('reads a file of more than 4 GiB without its tensors', async () => {
    const length = 2 ** 32 + 100;
    const { parts, length: total } = layOutModel(modelOf({ w: computed(length) }));
    const file = openSync(at('m.onnx'), 'w');
    ftruncateSync(file, total);
    let offset = 0;
    for (const part of parts) {
      if (part instanceof Uint8Array) writeSync(file, part, 0, part.length, offset);
      offset += part.byteLength;
    }
    closeSync(file);
    const storage = (await loadOnnx(at('m.onnx'))).graph.value('w')?.constant?.storage;
    expect([storage?.byteLength, storage?.resident]).toEqual([length, undefined]);
    expect(await storage?.read(2 ** 32, 100)).toEqual(new Uint8Array(100));
    expect(await codeOf(storage?.read(2 ** 32, 101) ?? Promise.resolve())).toBe('ONNX_TRUNCATED');
  });
});
