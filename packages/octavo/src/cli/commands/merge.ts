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
      const merged = await readCalibration(first);
      for (const file of others) merged.merge(await readCalibration(file));
      await writeCalibration(output, merged);
      reportCalibration(output, merged, context);
    });
}
