/** Counts the edits of a graph's nodes and operands, so that an order found before an edit is known to be old. */
export class Edits {
  count = 0;
}
