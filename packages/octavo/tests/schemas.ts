import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

export const SCHEMA_NAMES = [
  'inspect',
  'calibrate',
  'quantize',
  'recipe',
  'evaluate',
  'compare',
  'check',
  'suite',
  'sensitivity',
  'auto',
  'mixed',
  'run',
  'profile',
  'bench',
  'bench-kernels',
  'quantization',
  'measured',
  'coverage',
  'report',
  'error',
] as const;

export type SchemaName = (typeof SCHEMA_NAMES)[number];

/** A validator over the schemas that are published in docs/schemas. */
export function schema(name: SchemaName): ValidateFunction {
  const options = { strict: true, allowUnionTypes: true, allErrors: true };
  const shared = (['measured', 'coverage'] as const).filter((each) => each !== name);
  return new Ajv2020({ ...options, schemas: shared.map(schemaText) }).compile(schemaText(name));
}

export function schemaText(name: SchemaName): Record<string, unknown> {
  const file = new URL(`../../../docs/schemas/${name}.json`, import.meta.url);
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`${file.pathname} is no object`);
  return { ...parsed };
}

/** Parses text that is exactly one JSON document and fits a schema. */
export function documentOf(text: string, name: SchemaName): Record<string, unknown> {
  const document: Record<string, unknown> = JSON.parse(text);
  const validate = schema(name);
  validate(document);
  expect(validate.errors).toBeNull();
  return document;
}
