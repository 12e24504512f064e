import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { observers } from '@octavo/core/quant';
import { parsePreprocess } from '@octavo/datasets';
import { fidelityMetrics, metrics } from '@octavo/evaluation';
import { CAUSES, MODES, parseRecipe, recipeSchema } from '@octavo/quantizer';
import { toJsonSchema } from '@valibot/to-json-schema';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { classifier, rows, saveModel, saveNpz } from '../../tests/models.js';
import { SCHEMA_NAMES, schema, schemaText } from '../../tests/schemas.js';
import { Output, type Streams } from './console-output.js';
import { createProgram } from './main.js';

const root = new URL('../../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const guide = read('docs/cli.md');

const silent: Streams = { stdout: { write: () => true }, stderr: { write: () => true } };
const program = createProgram(silent, {
  output: new Output(silent, false),
  streams: silent,
  signal: new AbortController().signal,
});

/** Contents of the fenced blocks of a language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1] ?? '',
  );
}

/** Command lines of the shell blocks, backslashes at line ends joined. */
function commandLines(text: string): string[] {
  return blocks(text, 'sh')
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line.startsWith('npx octavo '));
}

/** Flags that a text mentions, in code. */
function flagsIn(text: string): string[] {
  return [...new Set([...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag))];
}

const flagsOf = (command: Command): string[] => command.options.flatMap(({ long }) => long ?? []);

const sectionOf = (name: string): string =>
  new RegExp(`^## ${name}$[\\s\\S]*?(?=^## |$(?![\\s\\S]))`, 'm').exec(guide)?.[0] ?? '';

describe('docs/cli.md', () => {
  let work: Workspace;
  const home = process.cwd();
  beforeAll(() => {
    work = new Workspace();
    for (const folder of ['model', 'data', 'suite.yaml'])
      cpSync(fileURLToPath(new URL(`examples/property-valuation/${folder}`, root)), work.path(folder), {
        recursive: true,
      });
    process.chdir(work.folder);
  });
  afterAll(() => {
    process.chdir(home);
    work.remove();
  });

  it.each(commandLines(guide))('%s', async (line) => {
    const ran = await octavo(line.split(/\s+/).slice(2));
    expect(ran.stderr).not.toContain('octavo:');
    expect(ran.code).toBe(0);
    expect(ran.stdout).not.toBe('');
  });

  it('has many examples', () => {
    expect(commandLines(guide).length).toBeGreaterThan(12);
  });

  it('shows preprocessing files that are right', () => {
    const shown = blocks(guide, 'json');
    expect(shown).toHaveLength(2);
    for (const text of shown) expect(parsePreprocess(JSON.parse(text))).toEqual(JSON.parse(text));
  });

  it('shows a recipe that is right', () => {
    const [shown = ''] = blocks(guide, 'json recipe');
    expect(parseRecipe(JSON.parse(shown))).toEqual(JSON.parse(shown));
  });

  it('mentions no flag that does not exist', () => {
    const known = new Set(['--help', '--version', ...program.commands.flatMap(flagsOf)]);
    expect(flagsIn(guide).filter((flag) => !known.has(flag))).toEqual([]);
  });

  it.each(program.commands.map((command) => command.name()))('describes every flag of %s', (name) => {
    const command = program.commands.find((each) => each.name() === name);
    const section = flagsIn(sectionOf(name));
    const missing = command
      ? flagsOf(command).filter((flag) => !section.includes(flag) && flag !== '--json')
      : [name];
    expect(missing).toEqual([]);
  });
});

describe('docs/explain.md', () => {
  it('describes the causes there are, in the order in which equals are named', () => {
    const rows = [...read('docs/explain.md').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
    expect(rows).toEqual(CAUSES.map(({ name }) => name));
  });
});

describe('README.md', () => {
  it('has an example in TypeScript that works', async () => {
    const home = process.cwd();
    const work = new Workspace();
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    try {
      process.chdir(work.folder);
      mkdirSync('calibration');
      saveNpz(work.path('calibration', 'rows.npz'), { x: rows(8, 32) });
      await saveModel(classifier(), 'model.onnx');
      await import('../../tests/quantize-example.js');
      expect(work.list()).toContain('model.int8.onnx');
      expect(log.mock.calls).toEqual([['2 nodes quantized']]);
    } finally {
      log.mockRestore();
      process.chdir(home);
      work.remove();
    }
    expect(blocks(read('README.md'), 'ts')).toEqual([read('packages/octavo/tests/quantize-example.ts')]);
  });

  it('mentions no flag that does not exist', () => {
    const known = new Set(program.commands.flatMap(flagsOf));
    const used = commandLines(read('README.md')).flatMap(flagsIn);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((flag) => !known.has(flag))).toEqual([]);
  });
});

describe('--help', () => {
  it.each(program.commands.map((command) => command.name()))('%s has examples that parse', async (name) => {
    const ran = await octavo([name, '--help']);
    expect(ran.code).toBe(0);
    const examples = [...ran.stdout.matchAll(/^ {2}octavo (.*)$/gm)].map((match) => match[1] ?? '');
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) {
      const { code, stdout } = await octavo([...example.split(/\s+/), '--json']);
      const missing = [JSON.parse(stdout).error.code, code];
      expect([example, ...missing]).toEqual([example, ...missingFile(name)]);
    }
  });

  it('is printed without a command, with exit code 2', async () => {
    const ran = await octavo([]);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^Usage: octavo/);
    for (const command of program.commands) expect(ran.stderr).toContain(`  ${command.name()} `);
  });

  it('is printed by --help with exit code 0, and the version by --version', async () => {
    expect(await octavo(['--help'])).toMatchObject({ code: 0, stderr: '' });
    const { version } = JSON.parse(read('packages/octavo/package.json'));
    expect(await octavo(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

/** How a command fails where the first file that it reads is missing: a suite says what a check is to do. */
function missingFile(command: string): [errorCode: string, exitCode: number] {
  return command === 'check' ? ['SUITE_UNREADABLE', 2] : ['FILE_UNREADABLE', 1];
}

/** Finds the enumeration of a property anywhere in a schema. */
function enumerationOf(schemaPart: unknown, property: string): unknown {
  if (typeof schemaPart !== 'object' || schemaPart === null) return undefined;
  for (const [key, part] of Object.entries(schemaPart)) {
    if (key === property && part?.enum !== undefined) return part.enum;
    const found = enumerationOf(part, property);
    if (found !== undefined) return found;
  }
  return undefined;
}

describe('docs/schemas', () => {
  it.each([
    ['quantize', 'observer', Object.keys(observers)],
    ['quantization', 'observer', Object.keys(observers)],
    ['quantize', 'mode', [...MODES]],
    ['quantization', 'mode', [...MODES]],
    ['compare', 'cause', CAUSES.map(({ name }) => name)],
    ['measured', 'cause', CAUSES.map(({ name }) => name)],
  ] as const)('%s allows every %s there is', (name, property, values) => {
    expect(enumerationOf(schemaText(name), property)).toEqual(values);
  });

  it('evaluate allows every metric there is', () => {
    const names = metrics.map((metric) => metric.name);
    expect(schemaText('evaluate')).toMatchObject({
      properties: {
        metric: {
          anyOf: [
            { enum: names },
            { pattern: expect.stringMatching(/^\^top/) },
            { enum: fidelityMetrics.map((metric) => metric.name) },
          ],
        },
      },
    });
  });

  it('describes recipes as they are read', () => {
    const { $schema: _, ...generated } = toJsonSchema(recipeSchema, {
      target: 'draft-2020-12',
      ignoreActions: ['readonly'],
    });
    expect(schemaText('recipe')).toMatchObject(generated);
    const { $schema: _own, ...fields } = generated.properties ?? {};
    for (const name of ['quantize', 'quantization', 'compare'] as const)
      expect(schemaText(name)).toMatchObject({ $defs: { recipe: { properties: fields } } });
  });

  it.each(SCHEMA_NAMES)('%s is a strict schema that refuses unknown fields', (name) => {
    const validate = schema(name);
    expect(validate({ surprise: 1 })).toBe(false);
    expect(validate.errors?.map(({ keyword }) => keyword)).toContain('additionalProperties');
  });
});
