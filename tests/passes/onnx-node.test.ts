import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Graph, inferTypes, runPasses } from '@octavo/core/ir';
import { decodeModel, readTensorProto } from '@octavo/formats';
import { prepare, raiseOpset } from '@octavo/passes';
import { reference } from '@octavo/reference';
import { evaluateOn } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';
import { runReference } from '../conformance/both-runtimes.js';
import { difference } from '../conformance/difference.js';
import { nodeTestFolder, nodeTests, runNodeTest } from '../conformance/node-test.node.js';

const folder = nodeTestFolder();

/** Scan of opset 8 has a batch axis, and no successor. */
const NO_SUCCESSOR: ReadonlySet<string> = new Set(['test_scan_sum']);

/** The newest opset that the node tests' graphs are raised to here. */
const TARGET = 25;

async function differenceAfter(graph: Graph, data: string): Promise<string | undefined> {
  const read = (name: string) => readTensorProto(readFileSync(join(data, name)));
  const inputs = graph.inputs.map((_, i) => read(`input_${i}.pb`));
  const outputs = await runReference(graph, inputs);
  return outputs
    .map((tensor, i) => difference(read(`output_${i}.pb`), tensor))
    .find((each) => each !== undefined);
}

describe.skipIf(!folder)('the ONNX node tests after prepare and raise-opset', () => {
  it('give the results that they gave before', async () => {
    using backend = reference();
    let [compared, raised] = [0, 0];
    for (const name of nodeTests(folder ?? '')) {
      const before = await runNodeTest(folder ?? '', name, backend);
      if (before.status !== 'passed' || NO_SUCCESSOR.has(name)) continue;
      const model = decodeModel(readFileSync(join(folder ?? '', name, 'model.onnx')));
      await prepare(model, { evaluate: evaluateOn(backend), verify: true });
      if (model.graph.opset < TARGET) {
        await runPasses(model.graph, [raiseOpset(TARGET)], { verify: true });
        raised++;
      }
      inferTypes(model.graph, { strict: true });
      expect(
        await differenceAfter(model.graph, join(folder ?? '', name, 'test_data_set_0')),
        name,
      ).toBeUndefined();
      compared++;
    }
    expect(compared).toBeGreaterThan(700);
    expect(raised).toBeGreaterThan(500);
  });
});
