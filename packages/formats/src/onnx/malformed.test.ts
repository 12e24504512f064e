import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OctavoError } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { testData } from '../../tests/test-data.node.js';
import { loadOnnx } from './load.node.js';

/** What is wrong with each file, as the reader says it. */
const CODES: Readonly<Record<string, string>> = {
  'trunc_half.onnx': 'ONNX_TRUNCATED',
  'garbage.onnx': 'ONNX_NOT_A_MODEL',
  'empty.onnx': 'ONNX_NOT_A_MODEL',
  'varint_overlong.onnx': 'ONNX_NOT_A_MODEL',
  'len_past_eof.onnx': 'ONNX_TRUNCATED',
  'raw_len_mismatch.onnx': 'ONNX_TENSOR_SIZE',
  'ext_traversal.onnx': 'ONNX_EXTERNAL_PATH',
  'ext_absolute.onnx': 'ONNX_EXTERNAL_PATH',
  'ext_missing.onnx': 'ONNX_EXTERNAL_MISSING',
  'cycle.onnx': 'ONNX_CYCLE',
  'undefined_input.onnx': 'ONNX_UNDEFINED_VALUE',
  'dup_output.onnx': 'ONNX_DUPLICATE_NAME',
  'dims_huge.onnx': 'ONNX_TENSOR_SIZE',
};

const data = testData();
const folder = join(data ?? '', 'conformance', 'malformed');
const verdicts = data
  ? readFileSync(join(folder, 'INDEX.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter(([name]) => name?.endsWith('.onnx'))
  : [];

describe.skipIf(!data)('the collection of malformed ONNX files', () => {
  it.each(verdicts)('gets the verdict it expects: %s (%s bytes, %s: %s)', async (name, _, verdict) => {
    const code = await loadOnnx(join(folder, name ?? '')).then(
      () => 'accept',
      (error: unknown) => (error instanceof OctavoError ? error.code : Promise.reject(error)),
    );
    expect(code).toBe(verdict === 'accept' ? 'accept' : CODES[name ?? '']);
  });

  it('is not empty', () => {
    expect(verdicts.length).toBe(Object.keys(CODES).length + 1);
  });
});
