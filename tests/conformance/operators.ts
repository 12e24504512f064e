import { standardOps } from '@octavo/core/ir';
import type { DType } from '@octavo/core/tensor';

/** What is known about an op from ONNX's node tests: element types of the first operand of tests that pass. */
export interface Evidence {
  readonly passed: Readonly<Record<string, number>>;
  readonly dtypes: Readonly<Record<string, readonly string[]>>;
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

/** The operator reference, from the registry and the evidence. */
export function operatorTable({ passed, dtypes }: Evidence): string {
  const domains = [...new Set(standardOps.map((op) => op.domain))].sort();
  const sections = domains.map((domain) => section(domain, passed, dtypes));
  const count = new Set(standardOps.filter((op) => op.domain === '').map((op) => op.name)).size;
  return `# Operators

Every op that Octavo registers, from the registry itself: ${count} ops of ONNX (opsets 7 to 28), and those of onnxruntime that quantized
and fused models use. Each runs on the reference backend; which nodes native kernels take depends on their operands too, and
\`session.explain()\` says so node by node.

*Since* lists the versions of the op set at which the meaning changed. *Tests* counts ONNX's own backend node tests with the op that
pass; a mark stands for an element type of the op's first operand in them. Ops without node tests are compared with onnxruntime in
\`tests/conformance\`. Written by \`npm run operators\`.

${sections.join('\n')}`;
}

function section(domain: string, passed: Evidence['passed'], dtypes: Evidence['dtypes']): string {
  const rows = rowsOf(domain).map(({ name, versions }) => {
    const key = domain === '' ? name : `${domain}.${name}`;
    const marks = COLUMNS.map(([, types]) => (types.some((type) => dtypes[key]?.includes(type)) ? 'x' : ''));
    return `| ${name} | ${versions.join(', ')} | ${passed[key] ?? ''} | ${marks.join(' | ')} |`;
  });
  const titles = COLUMNS.map(([title]) => title);
  return [
    `## ${domain === '' ? 'ai.onnx' : domain}`,
    '',
    `| op | since | tests | ${titles.join(' | ')} |`,
    `|---|---|---|${titles.map(() => '---|').join('')}`,
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
