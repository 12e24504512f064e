/**
 * Whether a backend can run a node, at what relative cost, or why not: an empty reason where that tells nobody anything,
 * because the backend is not meant for such nodes.
 */
export type Support =
  | { readonly supported: true; readonly cost: number }
  | { readonly supported: false; readonly reason: string };

export const SUPPORTED: Support = { supported: true, cost: 1 };

export function unsupported(reason: string): Support {
  return { supported: false, reason };
}

/** Supported, unless there is a reason why not. */
export function supportUnless(reason: string | undefined): Support {
  return reason === undefined ? SUPPORTED : unsupported(reason);
}
