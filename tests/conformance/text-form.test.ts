import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inferTypes, parse, print, verify } from '@octavo/core/ir';
import { decodeModel } from '@octavo/formats';
import { describe, expect, it } from 'vitest';
import { nodeTestFolder, nodeTests } from './node-test.node.js';

const folder = nodeTestFolder();
if (!folder)
  console.warn('\n*** SKIPPED: no ONNX node tests; set OCTAVO_TEST_DATA to the folder of test data. ***\n');

describe.skipIf(!folder)('the text form and type inference on the ONNX node tests', () => {
  it('reads every model back from its text, sound and with types that contradict nothing', () => {
    const names = nodeTests(folder ?? '').filter((name) => !TOO_OLD.has(name));
    for (const name of names) {
      const { graph } = decodeModel(readFileSync(join(folder ?? '', name, 'model.onnx')));
      verify(graph);
      inferTypes(graph, { strict: true });
      const text = print(graph);
      expect(print(parse(text)), name).toBe(text);
    }
    expect(names.length).toBeGreaterThan(1000);
  });
});

/** Models of opset 1, which is below what Octavo reads. */
const TOO_OLD: ReadonlySet<string> = new Set(['test_not_2d', 'test_not_3d']);
