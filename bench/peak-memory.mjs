import { writeFileSync } from 'node:fs';

/** Preloaded (`node --import`) into the process under test: leaves its peak resident set in the file OCTAVO_PEAK_FILE. */
const file = process.env['OCTAVO_PEAK_FILE'];

if (file) process.once('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS * 1024)));
