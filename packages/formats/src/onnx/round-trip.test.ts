import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalDomain } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { testData } from '../../tests/test-data.node.js';
import { MemorySource } from '../wire/byte-source.js';
import { Cursor } from '../wire/cursor.js';
import { decodeMessage } from '../wire/decode-message.js';
import type { Span } from '../wire/message-type.js';
import { decodeModel } from './decode-model.js';
import { encodeModel } from './encode-model.js';
import { readTensor } from './read-tensor.js';
import { readType } from './read-type.js';
import {
  type AttributeProto,
  type GraphProto,
  MODEL,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
} from './schema.js';
import type { TensorProto } from './tensor-schema.js';

const data = testData();

const models = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.onnx') && !path.includes('malformed'))
    .map((path) => join(folder, path))
    .sort();

/** What a file says, read from its messages alone, without the IR; byte ranges and empty texts do not count. */
class Statement {
  private readonly source: MemorySource;

  constructor(bytes: Uint8Array) {
    this.source = new MemorySource(bytes);
  }

  get model(): unknown {
    const proto: ModelProto = decodeMessage(new Cursor(this.source), MODEL, this.source.byteLength);
    const { graph, opsetImport, functions, metadataProps, trainingInfo, configuration, ...rest } = proto;
    return {
      ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, value || undefined])),
      metadataProps,
      opsets: new Map(opsetImport.map((each) => [canonicalDomain(each.domain ?? ''), each.version])),
      graph: graph && this.graph(graph),
      functions: functions.map((each) => ({
        ...each,
        node: each.node.map((node) => this.node(node)),
        attributeProto: each.attributeProto.map((attribute) => this.attribute(attribute)),
        valueInfo: this.values(each.valueInfo),
        docString: each.docString || undefined,
        overload: each.overload || undefined,
      })),
    };
  }

  private graph(graph: GraphProto): unknown {
    return {
      node: graph.node.map((node) => this.node(node)),
      name: graph.name || undefined,
      docString: graph.docString || undefined,
      initializer: new Map(graph.initializer.map((tensor) => [tensor.name, this.tensor(tensor)])),
      input: this.values(graph.input),
      output: graph.output.map((each) => each.name),
      outputTypes: this.values(graph.output),
      metadataProps: graph.metadataProps,
    };
  }

  /** In the order of their names: initializers that are inputs move to the end. */
  private values(infos: readonly ValueInfoProto[]): unknown {
    return infos
      .map(({ name = '', type, docString }) => ({
        name,
        docString: docString || undefined,
        type: this.type(type),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private type(span: Span | undefined): unknown {
    const encoded = span && this.source.readSync(span.offset, span.length);
    return readType({ source: this.source, notice: () => {} }, encoded, 'value');
  }

  private node(node: NodeProto): unknown {
    return {
      ...node,
      name: node.name || undefined,
      docString: node.docString || undefined,
      overload: node.overload || undefined,
      domain: canonicalDomain(node.domain ?? ''),
      attribute: node.attribute.map((attribute) => this.attribute(attribute)),
    };
  }

  private attribute(attribute: AttributeProto): unknown {
    const { self, t, g, tensors, graphs, tp, typeProtos, sparseTensor, sparseTensors, ...plain } = attribute;
    return {
      ...plain,
      refAttrName: plain.refAttrName || undefined,
      t: t && this.tensor(t),
      g: g && this.graph(g),
      tensors: tensors.map((tensor) => this.tensor(tensor)),
      graphs: graphs.map((graph) => this.graph(graph)),
      encodedType: tp && self && this.source.readSync(self.offset, self.length),
    };
  }

  private tensor(tensor: TensorProto): unknown {
    const { dtype, shape, storage } = readTensor(
      { source: this.source, externalData: undefined },
      tensor,
      '',
    );
    return {
      dtype,
      shape,
      digest: createHash('sha256')
        .update(storage.resident ?? '')
        .digest('hex'),
    };
  }
}

/** The bytes of a model after reading and writing; undefined when it is older than the reader accepts. */
function rewrite(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return encodeModel(decodeModel(bytes, { constantInputs: 'keep' }));
  } catch (error) {
    if (error instanceof OctavoError && error.code === 'ONNX_OPSET') return undefined;
    throw error;
  }
}

describe.skipIf(!data)('an unchanged model', () => {
  const folders = ['vision', 'text', 'audio', 'lm', 'tabular', 'conformance'];

  it.each(folders)(
    'says the same after reading and writing, and gives the same bytes from then on: %s',
    (folder) => {
      const tooOld: string[] = [];
      const paths = models(join(data ?? '', folder));
      for (const path of paths) {
        const original = readFileSync(path);
        const written = rewrite(original);
        if (!written) {
          tooOld.push(path);
          continue;
        }
        expect(new Statement(written).model, path).toEqual(new Statement(original).model);
        expect(Buffer.compare(rewrite(written) ?? new Uint8Array(0), written), path).toBe(0);
      }
      expect(paths.length).toBeGreaterThan(tooOld.length);
      expect(tooOld.length).toBeLessThanOrEqual(folder === 'conformance' ? 2 : 0);
    },
    120_000,
  );
});
