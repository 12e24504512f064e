import type { Model } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';

export async function predict(model: Model, row: readonly number[]) {
  using session = await createSession(model, { backends: [reference()], taps: ['hidden'] });
  console.log(session.explain().toString());
  return session.run(
    { x: float32(row, [1, row.length]) },
    { onTap: (name, tensor) => console.log(name, tensor.shape) },
  );
}
