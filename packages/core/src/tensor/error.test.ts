import { describe, expect, it } from 'vitest';
import { OctavoError, TensorError } from './error.js';

/** A class whose constructor takes no details. */
class WordError extends OctavoError {
  constructor(message: string, remedy = 'See --help.') {
    super({ code: 'WORD', message, remedy });
  }
}

/** A class with fields of its own, some private. */
class CountError extends OctavoError {
  readonly counts: readonly number[];
  readonly #total: number;

  constructor(counts: readonly number[]) {
    super({ code: 'COUNT', message: `found ${counts.join()}.`, where: 'node a' });
    this.counts = counts;
    this.#total = counts.reduce((sum, each) => sum + each, 0);
  }

  get total(): number {
    return this.#total;
  }
}

describe('an error within an outer place', () => {
  it('begins with the place and says the same', () => {
    const error = new TensorError({
      code: 'TENSOR_SHAPE',
      message: 'too long.',
      where: 'value x',
      remedy: 'Cut it.',
    });
    const outer = error.within('m.onnx').within('job 1');
    expect(outer).toBe(error);
    expect(outer).toBeInstanceOf(TensorError);
    expect(outer).toMatchObject({
      name: 'TensorError',
      code: 'TENSOR_SHAPE',
      fault: 'too long.',
      where: 'job 1: m.onnx: value x',
      remedy: 'Cut it.',
      message: 'job 1: m.onnx: value x: too long. Cut it.',
    });
  });

  it('keeps its words where its class is made of words', () => {
    const outer = new WordError('bad flag').within('file');
    expect(outer).toBeInstanceOf(WordError);
    expect(outer).toMatchObject({ name: 'WordError', code: 'WORD', message: 'file: bad flag See --help.' });
  });

  it('keeps the fields of its class', () => {
    const error = new CountError([3, 4]);
    const outer = error.within('file');
    expect(outer).toBeInstanceOf(CountError);
    expect(outer).toMatchObject({
      counts: [3, 4],
      total: 7,
      where: 'file: node a',
      message: 'file: node a: found 3,4.',
    });
  });

  it('tells where it was thrown first', () => {
    function thrower(): OctavoError {
      return new WordError('bad $& flag');
    }
    const outer = thrower().within('$1');
    expect(outer.stack).toContain('$1: bad $& flag See --help.\n');
    expect(outer.stack).toContain('thrower');
    expect(Object.keys(outer)).toEqual(Object.keys(new WordError('')));
  });
});
