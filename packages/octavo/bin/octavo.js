#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// What is large here, weights and activations, lies outside the heap: a young generation that grows only holds memory.
setFlagsFromString('--semi-space-growth-factor=1');
const { main } = await import('../dist/cli/main.js');

// A reader that closes the pipe early, as `head` does, is no failure.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`octavo: stdout: it cannot be written (${error.message}).\n`);
  process.exit(1);
});

process.exitCode = await main(process.argv.slice(2));
