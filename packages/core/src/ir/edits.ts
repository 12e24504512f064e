/** Counts the edits of a graph's nodes, so that what was found out before an edit is known to be old. */
export class Edits {
  count = 0;
  /** Of those, the ones that may have changed which nodes have subgraphs. */
  nesting = 0;
}
