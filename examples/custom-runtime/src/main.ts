import { float32, toNumbers } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { acme } from './acme-backend.js';
import { dynamicModel } from './dynamic-model.js';

const session = await createSession(dynamicModel(), { backends: [acme(), reference()] });
console.log(session.explain().toString());
const { y } = session.runSync({ x: float32([0.5, -1, 2, 0.25], [1, 4]) });
console.log('\ny =', y ? Array.from(toNumbers(y)) : 'nothing');
session.dispose();
