import { createModel, parse } from '@octavo/core/ir';
import { loadOnnx } from '@octavo/formats/node';
import { randomFeeds } from '../cli/random-feeds.js';
import { BACKEND_NAMES, openFastSession } from '../sessions.js';

/** Runs of the model: later ones find the arenas that the first made. */
const RUNS = 5;

/** A model of one op, so that what the runtime itself takes is not counted. */
const SMALLEST = 'graph opset 17 { input %x: float32[4]\n %y: float32[4] = Neg(%x)\n output %y }';

async function open(model: Parameters<typeof openFastSession>[0], runs: number): Promise<void> {
  const backend = BACKEND_NAMES.find((name) => name === process.argv[3]) ?? 'auto';
  using session = await openFastSession(model, { backend });
  const feeds = randomFeeds(session.inputs, 1);
  for (let run = 0; run < runs; run++) await session.run(feeds);
}

/** Kilobytes. */
const peak = (): number => process.resourceUsage().maxRSS;

await open(createModel(parse(SMALLEST)), 1);
const bare = peak();
await open(await loadOnnx(process.argv[2] ?? ''), RUNS);
process.stdout.write(`${JSON.stringify({ bytes: 1024 * (peak() - bare) })}\n`);
