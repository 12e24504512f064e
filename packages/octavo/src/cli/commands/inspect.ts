import { inferTypes, type Model, type ValueType } from '@octavo/core/ir';
import { loadOnnx } from '@octavo/formats/node';
import { Command } from 'commander';
import type { CommandContext } from '../context.js';
import { sizeOnDisk } from '../model-size.js';
import { formatBytes, formatTable } from '../table.js';

interface PortSummary {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string | null)[] | null;
}

/** What `octavo inspect --json` prints. */
export interface Inspection {
  readonly file: string;
  readonly bytes: number;
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly inputs: readonly PortSummary[];
  readonly outputs: readonly PortSummary[];
  readonly ops: readonly { readonly op: string; readonly count: number; readonly known: boolean }[];
  readonly initializers: readonly {
    readonly dtype: string;
    readonly tensors: number;
    readonly elements: number;
    readonly bytes: number;
  }[];
  readonly quantization: {
    readonly quantizeNodes: number;
    readonly dequantizeNodes: number;
    readonly integerNodes: number;
    readonly weightOnlyNodes: number;
  };
  readonly functions: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

export function inspectCommand(context: CommandContext): Command {
  return new Command('inspect')
    .description('Show inputs, outputs, ops, dtypes, sizes, and what is quantized.')
    .argument('<model>', 'ONNX file')
    .addHelpText('after', '\nExamples:\n  octavo inspect model.onnx\n  octavo inspect model.onnx --json')
    .action(async (file: string) => {
      const model = await loadOnnx(file);
      const inspection = inspect(model, file, await sizeOnDisk(file, model));
      context.output.result(inspection, describe(inspection));
    });
}

function inspect(model: Model, file: string, bytes: number): Inspection {
  const { graph } = model;
  inferTypes(graph);
  return {
    file,
    bytes,
    irVersion: model.irVersion,
    opsets: Object.fromEntries([...graph.opsets].map(([domain, version]) => [domain || 'ai.onnx', version])),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    inputs: graph.inputs.map((value) => summarize(value.name, value.type)),
    outputs: graph.outputs.map((value) => summarize(value.name, value.type)),
    ops: countOps(model),
    initializers: countInitializers(model),
    quantization: countQuantized(model),
    functions: model.functions.map((each) => (each.domain ? `${each.domain}.${each.name}` : each.name)),
    metadata: Object.fromEntries(model.metadata),
  };
}

function summarize(name: string, type: ValueType | undefined): PortSummary {
  return type?.kind === 'tensor'
    ? { name, dtype: type.dtype, shape: type.shape ?? null }
    : { name, dtype: type ? 'not a tensor' : 'unknown', shape: null };
}

function countOps({ graph }: Model): Inspection['ops'] {
  const counts = new Map<string, { op: string; count: number; known: boolean }>();
  for (const { op } of graph.nodes) {
    const name = op.domain ? `${op.domain}.${op.name}` : op.name;
    const entry = counts.get(name) ?? { op: name, count: 0, known: op.known };
    entry.count++;
    counts.set(name, entry);
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || a.op.localeCompare(b.op));
}

function countInitializers({ graph }: Model): Inspection['initializers'] {
  const counts = new Map<string, { dtype: string; tensors: number; elements: number; bytes: number }>();
  for (const { constant } of graph.initializers) {
    if (!constant) continue;
    const entry = counts.get(constant.dtype) ?? { dtype: constant.dtype, tensors: 0, elements: 0, bytes: 0 };
    entry.tensors++;
    entry.elements += constant.size;
    entry.bytes += constant.byteLength;
    counts.set(constant.dtype, entry);
  }
  return [...counts.values()].sort((a, b) => b.bytes - a.bytes);
}

function countQuantized({ graph }: Model): Inspection['quantization'] {
  const count = (...names: string[]): number =>
    graph.nodes.filter((node) => names.includes(node.op.name)).length;
  return {
    quantizeNodes: count('QuantizeLinear', 'DynamicQuantizeLinear'),
    dequantizeNodes: count('DequantizeLinear'),
    integerNodes: graph.nodes.filter((node) => /^QLinear|^QGemm$|Integer$/.test(node.op.name)).length,
    weightOnlyNodes: count('MatMulNBits', 'GatherBlockQuantized'),
  };
}

function describe(inspection: Inspection): string {
  const ports = (list: readonly PortSummary[]): string[][] =>
    list.map(({ name, dtype, shape }) => [
      name,
      dtype,
      shape ? `[${shape.map((dim) => dim ?? '?').join(', ')}]` : '?',
    ]);
  const opsets = Object.entries(inspection.opsets).map(([domain, version]) => `${domain} ${version}`);
  const { quantization: q } = inspection;
  return [
    `${inspection.file}: ${formatBytes(inspection.bytes)}, IR ${inspection.irVersion}, opset ${opsets.join(', ')}${inspection.producer ? `, by ${inspection.producer}` : ''}`,
    '',
    formatTable(['input', 'dtype', 'shape'], ports(inspection.inputs)),
    '',
    formatTable(['output', 'dtype', 'shape'], ports(inspection.outputs)),
    '',
    formatTable(
      ['op', 'nodes', ''],
      inspection.ops.map(({ op, count, known }) => [op, String(count), known ? '' : 'no definition']),
    ),
    '',
    formatTable(
      ['weights', 'tensors', 'elements', 'size'],
      inspection.initializers.map((each) => [
        each.dtype,
        String(each.tensors),
        String(each.elements),
        formatBytes(each.bytes),
      ]),
    ),
    '',
    `quantization: ${q.quantizeNodes} quantize, ${q.dequantizeNodes} dequantize, ${q.integerNodes} integer and ${q.weightOnlyNodes} weight-only nodes`,
  ].join('\n');
}
