import fc from 'fast-check';

/**
 * Gives every property test of a run the same seed: OCTAVO_TEST_SEED, or a fresh one.
 * fast-check prints the seed and the path of a counterexample, which reproduce a failure exactly.
 */
const requested = process.env['OCTAVO_TEST_SEED'];
const seed = requested === undefined ? Math.trunc(Math.random() * 0x7fffffff) : Number(requested);

if (!Number.isInteger(seed)) throw new Error(`OCTAVO_TEST_SEED must be an integer, found '${requested}'`);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
