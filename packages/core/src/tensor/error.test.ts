import { describe, expect, it } from 'vitest';
import { OctavoError, TensorError } from './error.js';

/** A class whose constructor takes no details. */
class WordError extends OctavoError {
  constructor(message: string, remedy = 'See --help.') {
    super({ code: 'WORD', message, remedy });
  }
}

/** A class with fields of its own. */
class CountError extends OctavoError {
  readonly counts: readonly number[];

  constructor(counts: readonly number[]) {
    super({ code: 'COUNT', message: `found ${counts.join()}.`, where: 'node a' });
    this.counts = counts;
  }
}

describe('an error within an outer place', () => {
  it('begins with the place and says the same', () => {
    const error = new TensorError({
      code: 'SHAPE',
      message: 'too long.',
      where: 'value x',
      remedy: 'Cut it.',
    });
    const outer = error.within('m.onnx').within('job 1');
    expect(outer).toBeInstanceOf(TensorError);
    expect(outer).toMatchObject({
      name: 'TensorError',
      code: 'SHAPE',
      fault: 'too long.',
      where: 'job 1: m.onnx: value x',
      remedy: 'Cut it.',
      message: 'job 1: m.onnx: value x: too long. Cut it.',
    });
    expect(outer.cause).toMatchObject({ where: 'm.onnx: value x', cause: error });
    expect(error.cause).toBeUndefined();
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
      where: 'file: node a',
      message: 'file: node a: found 3,4.',
    });
    expect(outer.cause).toBe(error);
  });

  it('tells where it was thrown first', () => {
    function thrower(): OctavoError {
      return new WordError('bad $& flag');
    }
    const outer = thrower().within('$1');
    expect(outer.stack).toContain('$1: bad $& flag See --help.\n');
    expect(outer.stack).toContain('thrower');
    expect(Object.keys(outer)).not.toContain('stack');
  });
});
