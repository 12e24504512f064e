import { describeBackend } from '@octavo/conformance';
import { float32 } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { expect, it } from 'vitest';
import { acme } from './acme-backend.js';
import { dynamicModel } from './dynamic-model.js';

describeBackend(acme());

it('runs what it supports of a model and leaves the rest to the reference backend', async () => {
  using mixed = await createSession(dynamicModel(), { backends: [acme(), reference()] });
  using alone = await createSession(dynamicModel(), { backends: [reference()] });
  const own = mixed.explain().nodes.filter(({ backend }) => backend === 'acme');
  expect(own.map(({ kernel }) => kernel)).toEqual(['acme_multiply', 'acme_clamp']);
  const x = float32([0.5, -1, 2, 0.25, 3, 3, -3, 0], [2, 4]);
  for (const session of [mixed, alone]) await session.prepare({ x: x.shape });
  expect(mixed.runSync({ x })).toEqual(alone.runSync({ x }));
});
