import { writeFileSync } from 'node:fs';
import { peakResident } from './peak-resident.mjs';

/** Preloaded (`node --import`) into the process under test: leaves its peak resident set in the file OCTAVO_PEAK_FILE. */
const file = process.env['OCTAVO_PEAK_FILE'];

if (file) process.once('exit', () => writeFileSync(file, String(peakResident())));
