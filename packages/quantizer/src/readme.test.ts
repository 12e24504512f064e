import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { quantizeFile } from '../tests/readme-example.js';
import { modelOf, samplesOf, weights } from '../tests/run-models.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'octavo-quantizer-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the example of the README', () => {
  it('is what the README shows', async () => {
    const source = await readFile(new URL('../tests/readme-example.ts', import.meta.url), 'utf8');
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
  });

  it('quantizes a file', async () => {
    const source = modelOf(`graph opset 17 {
      input %x: float32[1, 8]
      ${weights('w', [8, 8], 1, 8)}
      ${weights('v', [8, 8], 2, 8)}
      %a = MatMul(%x, %w) @"/body/MatMul"
      %y = MatMul(%a, %v) @"/head/MatMul"
      output %y
    }`);
    const [path, out] = [join(folder, 'model.onnx'), join(folder, 'model.int8.onnx')];
    await saveOnnx(source, path);
    const report = await quantizeFile(path, out, samplesOf(source.graph, 4));
    expect(report.decisions.map(({ node, quantized }) => [node, quantized])).toEqual([
      ['/head/MatMul', false],
      ['/body/MatMul', true],
    ]);
    expect((await loadOnnx(out)).graph.nodes.map((node) => node.op.name)).toContain('QuantizeLinear');
  });
});
