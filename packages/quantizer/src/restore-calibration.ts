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
import { fieldFault } from './field-fault.js';
import { QuantizerError } from './quantizer-error.js';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const SEEN = v.pipe(
  v.strictObject({ digest: v.string(), samples: count, shards: v.array(count), of: count }),
  v.check(
    ({ shards, of }) => shards.every((shard, i) => shard > (shards[i - 1] ?? 0) && shard <= of),
    'Expected shards that ascend from 1',
  ),
);

const SCHEMA = v.strictObject({
  octavo: v.literal('calibration'),
  version: v.literal(2, ({ received }) => `Expected 2 but received ${received}, which names no model`),
  samples: count,
  origin: v.exactOptional(v.strictObject({ model: v.string(), data: v.array(SEEN) })),
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
