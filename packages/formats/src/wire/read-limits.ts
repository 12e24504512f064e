/** What reading may cost before a file counts as hostile. */
export interface ReadLimits {
  /** Estimated bytes of memory for everything but tensors' elements. */
  readonly structureBytes: number;
  /** Messages inside messages. */
  readonly depth: number;
}

export const DEFAULT_LIMITS: ReadLimits = { structureBytes: 2 ** 30, depth: 128 };
