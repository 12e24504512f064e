import {
  ChannelObservers,
  isObserverName,
  type Observer,
  type ObserverName,
  observers,
} from '@octavo/core/quant';
import { QuantizationError } from '@octavo/core/tensor';
import * as v from 'valibot';
import { Calibration } from './calibration.js';
import { keyOfData } from './calibration-origin.js';
import { fieldFault } from './field-fault.js';
import { QuantizerError } from './quantizer-error.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Messages show digests: nothing else may be there. */
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'Expected a SHA-256 of 64 hexadecimal digits'));

const SEEN = v.pipe(
  v.strictObject({ digest: sha256, samples: count, shards: v.array(count), of: count }),
  v.check(
    ({ shards, of }) => shards.every((shard, i) => shard > (shards[i - 1] ?? 0) && shard <= of),
    'Expected shards that ascend from 1',
  ),
);

const DATA = v.pipe(
  v.array(SEEN),
  v.check((data) => new Set(data.map(keyOfData)).size === data.length, 'Expected each set of data once'),
);

/** The version that files have; the first named no model. */
const VERSION = 2;

function versionFault(received: string): string {
  const fault = `Expected ${VERSION} but received ${received}`;
  if (received === '1') return `${fault}, which names no model`;
  return Number(received) > VERSION ? `${fault}, which was written by a newer version` : fault;
}

const SCHEMA = v.strictObject({
  octavo: v.literal('calibration'),
  version: v.literal(VERSION, ({ received }) => versionFault(received)),
  samples: count,
  origin: v.exactOptional(v.strictObject({ model: sha256, data: DATA })),
  values: v.record(v.string(), v.array(v.looseObject({ kind: v.string() }))),
  channels: v.exactOptional(
    v.record(
      v.string(),
      v.strictObject({
        kind: v.string(),
        axis: v.number(),
        channels: v.array(v.looseObject({ kind: v.string() })),
      }),
    ),
  ),
});

/**
 * Rebuilds a calibration from the JSON of `toJSON`.
 * @param where The file, for errors.
 * @throws QuantizerError `CALIBRATION_FILE` with what is damaged.
 */
export function restoreCalibration(json: unknown, where = 'calibration'): Calibration {
  const result = v.safeParse(SCHEMA, json);
  if (!result.success) {
    const [issue] = result.issues;
    throw damaged(where, fieldFault(issue));
  }
  const { samples, values, channels = {}, origin } = result.output;
  const observed = Object.entries(values).map(([value, states]) => {
    const restored = states.map((state) => restore(state, value, where));
    return [value, new Map(restored)] as const;
  });
  const byChannel = Object.entries(channels).map(
    ([value, state]) => [value, readable(value, where, () => ChannelObservers.restore(state))] as const,
  );
  return new Calibration(new Map(observed), samples, new Map(byChannel), origin);
}

function restore(
  state: { readonly kind: string },
  value: string,
  where: string,
): readonly [ObserverName, Observer] {
  const { kind } = state;
  if (!isObserverName(kind)) throw damaged(where, `tensor ${value}: there is no observer ${kind}`);
  return [kind, readable(value, where, () => observers[kind].restore(state))];
}

/** What `read` gives; damage found by an observer is damage of the file. */
function readable<T>(value: string, where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof QuantizationError)) throw error;
    throw damaged(where, `tensor ${value}: ${error.fault}`, error);
  }
}

function damaged(where: string, fault: string, cause?: Error): QuantizerError {
  return new QuantizerError({
    code: 'CALIBRATION_FILE',
    where,
    message: `${fault.replace(/\.$/, '')}.`,
    remedy: 'Calibrate again.',
    ...(cause ? { cause } : {}),
  });
}
