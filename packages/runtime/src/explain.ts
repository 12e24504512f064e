/** What one node does in a session. */
export interface NodeExplanation {
  readonly node: string;
  readonly op: string;
  readonly backend: string;
  readonly kernel: string;
  /** `int8` style dtypes for quantized operands, else the float dtype. */
  readonly dtype: string;
  /** Why each backend of higher preference declined. */
  readonly declined: readonly { readonly backend: string; readonly reason: string }[];
}

/** Where a session runs, node by node. */
export interface Explanation {
  readonly nodes: readonly NodeExplanation[];
  toString(): string;
}

/** An explanation that prints as an aligned table. */
export function createExplanation(nodes: readonly NodeExplanation[]): Explanation {
  return {
    nodes,
    toString: () => {
      const rows = nodes.map((each) => [
        each.node,
        each.op,
        each.dtype,
        each.backend,
        each.kernel,
        reasons(each),
      ]);
      const widths = [0, 1, 2, 3, 4].map((column) =>
        Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
      );
      return rows
        .map((row) =>
          row
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join('  ')
            .trimEnd(),
        )
        .join('\n');
    },
  };
}

function reasons(node: NodeExplanation): string {
  const list = node.declined.map(({ backend, reason }) => `${backend} declined: ${reason}`);
  return list.length > 0 ? `(${list.join('; ')})` : '';
}
