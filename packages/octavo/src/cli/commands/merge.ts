import { type Calibration, QuantizerError, samplesBegun } from '@octavo/quantizer';
import { Command } from 'commander';
import { readCalibration, writeCalibration } from '../calibration-file.js';
import type { CommandContext } from '../context.js';
import { checkOutputFile } from '../output-path.js';
import { reportCalibration } from './calibrate.js';

const EXAMPLES = `
Examples:
  octavo merge ranges-1.json ranges-2.json -o ranges.json
  octavo merge monday.json tuesday.json wednesday.json -o week.json`;

export function mergeCommand(context: CommandContext): Command {
  return new Command('merge')
    .description('Merge calibrations of parts of the data, exactly.')
    .argument('<ranges...>', 'files that octavo calibrate wrote for one model')
    .requiredOption('-o, --output <file>', 'where to write the merged calibration')
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], { output }: { readonly output: string }) => {
      await checkOutputFile(output, files);
      const [first = '', ...others] = files;
      const merged = await readFinished(first);
      for (const file of others) merged.merge(await readFinished(file), file);
      await writeCalibration(output, merged);
      reportCalibration(output, merged, context);
    });
}

/** Reads a calibration that an interruption did not cut short: joined to others, it could not go on. */
async function readFinished(path: string): Promise<Calibration> {
  const calibration = await readCalibration(path);
  const { origin, samples } = calibration;
  const expected = origin ? samplesBegun(origin) : 0;
  if (samples >= expected) return calibration;
  throw new QuantizerError({
    code: 'CALIBRATION_UNFINISHED',
    where: path,
    message: `it has seen ${samples} of ${expected} samples.`,
    remedy: 'Finish it with octavo calibrate --resume, then merge.',
  });
}
