import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { describeWithAddon } from '../tests/addon.js';
import { layer } from '../tests/readme-example.js';

describe('the example of the README', () => {
  it('is what the README shows', async () => {
    const source = await readFile(new URL('../tests/readme-example.ts', import.meta.url), 'utf8');
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(`\`\`\`ts\n${source}\`\`\``);
  });
});

describeWithAddon('the example of the README', () => {
  it('multiplies', () => {
    const run = layer(Int8Array.of(1, -1, 2, 3), 2, 2, Int32Array.of(10, 0), Float32Array.of(0.5, 2));
    expect(run(Uint8Array.of(129, 130, 128, 128), 2)).toEqual(Uint8Array.of(8, 10, 5, 0));
  });
});
