import { standardOps } from '@octavo/core/ir';
import type { DType } from '@octavo/core/tensor';

/** Element types by op. */
export type DTypesByOp = Readonly<Record<string, readonly string[]>>;

/** What is known about an op from tests that pass: how many of ONNX's, and element types of its first operand in them. */
export interface Evidence {
  readonly passed: Readonly<Record<string, number>>;
  readonly dtypes: DTypesByOp;
  /** The types with which native kernels ran it. */
  readonly native: DTypesByOp;
}

/** Columns of element types, with their short names. */
const COLUMNS: readonly (readonly [string, readonly DType[]])[] = [
  ['f32', ['float32']],
  ['f64', ['float64']],
  ['f16', ['float16']],
  ['bf16', ['bfloat16']],
  ['i8', ['int8']],
  ['u8', ['uint8']],
  ['i16', ['int16']],
  ['u16', ['uint16']],
  ['i32', ['int32']],
  ['u32', ['uint32']],
  ['i64', ['int64']],
  ['u64', ['uint64']],
  ['i4', ['int4']],
  ['u4', ['uint4']],
  ['bool', ['bool']],
];

interface Row {
  readonly name: string;
  readonly versions: readonly number[];
}

/** What either table has. */
export function joined(a: DTypesByOp, b: DTypesByOp): DTypesByOp {
  const all = { ...a };
  for (const [op, types] of Object.entries(b)) all[op] = [...new Set([...(a[op] ?? []), ...types])];
  return all;
}

/** The operator reference, from the registry and the evidence. */
export function operatorTable(evidence: Evidence): string {
  const domains = [...new Set(standardOps.map((op) => op.domain))].sort();
  const sections = domains.map((domain) => section(domain, evidence));
  const count = new Set(standardOps.filter((op) => op.domain === '').map((op) => op.name)).size;
  return `# Operators

Every op that Octavo registers, from the registry itself: ${count} ops of ONNX (opsets 7 to 28), and those of onnxruntime that quantized
and fused models use. Which nodes native kernels take depends on their shapes and attributes too: \`session.explain()\` says so node
by node.

*Since* lists the versions of the op set at which the meaning changed. *Tests* counts ONNX's own backend node tests with the op that
pass, on each backend. *reference* and *cpu* say which backends have run the op in a test, and the columns of element types, for its
first operand, which ran it there: **c** native kernels and the reference, *r* the reference alone. Evidence is from ONNX's node
tests and from comparisons in \`tests/conformance\`: of either with onnxruntime, and of some quantized ops with the float ops
that they stand for. An op without a mark has a kernel, and no such test. Written by \`npm run operators\`.

${sections.join('\n')}`;
}

function section(domain: string, { passed, dtypes, native }: Evidence): string {
  const rows = rowsOf(domain).map(({ name, versions }) => {
    const key = domain === '' ? name : `${domain}.${name}`;
    const mark = (types: readonly DType[]) =>
      types.some((type) => native[key]?.includes(type))
        ? 'c'
        : types.some((type) => dtypes[key]?.includes(type))
          ? 'r'
          : '';
    const marks = COLUMNS.map(([, types]) => mark(types)).join(' | ');
    const backends = `yes | ${native[key]?.length ? 'yes' : ''}`;
    return `| ${name} | ${versions.join(', ')} | ${passed[key] ?? ''} | ${backends} | ${marks} |`;
  });
  const titles = COLUMNS.map(([title]) => title);
  return [
    `## ${domain === '' ? 'ai.onnx' : domain}`,
    '',
    `| op | since | tests | reference | cpu | ${titles.join(' | ')} |`,
    `|---|---|---|---|---|${titles.map(() => '---|').join('')}`,
    ...rows,
    '',
  ].join('\n');
}

function rowsOf(domain: string): Row[] {
  const versions = new Map<string, Set<number>>();
  for (const op of standardOps) {
    if (op.domain === domain) versions.set(op.name, (versions.get(op.name) ?? new Set()).add(op.since));
  }
  return [...versions]
    .map(([name, since]) => ({ name, versions: [...since].sort((a, b) => a - b) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
