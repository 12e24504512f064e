/** The size of each label. */
export type Sizes = ReadonlyMap<string, number>;

/** The sizes of some labels, in their order. */
export function sizesOf(labels: readonly string[], sizes: Sizes): number[] {
  return labels.map((label) => sizes.get(label) ?? 1);
}
