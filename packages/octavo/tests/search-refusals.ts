import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Workspace } from './command-line.js';
import { fails } from './failures.js';

/** A call that searches a model of 4 scores, and the workspace that its files are in. */
export interface SearchCall {
  readonly mode: 'auto' | 'mixed';
  workspace(): Workspace;
  search(output: string, ...args: string[]): string[];
}

/** What every mode that searches refuses before it observes or tries anything. */
export function itRefusesBeforeSearching({ mode, workspace, search }: SearchCall): void {
  it.each([
    [{ io: 'uint8' }, 'io', 'static or fp16 or bf16'],
    [{ observer: 'minmax' }, 'observer', 'static'],
    [
      { mode: 'static', exclude: ['hidden'], weights: 'uint8' },
      'weights',
      'static or dynamic or weight-only',
    ],
  ])('refuses the recipe %j, of which it would read less', async (recipe, field, modes) => {
    const work = workspace();
    const path = work.path('recipe.json');
    writeFileSync(path, JSON.stringify(recipe));
    const says = [`recipe.json: ${field} has no meaning with --mode ${mode}.`, `--mode ${modes}.`];
    const args = search(work.path('bad.onnx'), '--recipe', path, '--mode', mode);
    await fails(work, args, { code: 2, error: 'USAGE', says });
  });

  it('refuses a metric that the labels do not fit before it observes anything', async () => {
    const work = workspace();
    const args = search(work.path('bad.onnx'), '--metric', 'top1');
    const says = ['no class of an output of 4 scores'];
    const stderr = await fails(work, args, { code: 1, error: 'LABEL_CLASS', says });
    expect(stderr).not.toContain('coverage');
  });
}
