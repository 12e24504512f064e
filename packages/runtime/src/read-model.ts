import type { Model } from '@octavo/core/ir';
import { decodeModel } from '@octavo/formats';
import { SessionError } from './session-error.js';

/** The model behind a URL. */
export async function readModel(url: string): Promise<Model> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new SessionError({
      code: 'MODEL_FETCH',
      where: url,
      message: `the server answered ${response.status} ${response.statusText}.`,
      remedy: 'Check the address of the model.',
    });
  }
  return decodeModel(new Uint8Array(await response.arrayBuffer()));
}
