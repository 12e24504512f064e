import { type ObserverName, observers } from '@octavo/core/quant';
import * as v from 'valibot';
import { ACTIVATION_DTYPES, BLOCK_SIZES, GRANULARITIES, WEIGHT_DTYPES } from './precision.js';

const text = v.pipe(v.string(), v.minLength(1));
const texts = v.pipe(v.array(text), v.minLength(1), v.readonly());

const described = <S extends v.GenericSchema>(schema: S, description: string) =>
  v.pipe(schema, v.description(description));

const weightPrecision = v.strictObject({
  dtype: v.exactOptional(v.picklist(WEIGHT_DTYPES)),
  symmetric: described(
    v.exactOptional(v.boolean()),
    'Zero point 0, or the middle of an unsigned dtype. Signed dtypes are symmetric by default, unsigned are not.',
  ),
  granularity: v.exactOptional(v.picklist(GRANULARITIES)),
  blockSize: described(
    v.exactOptional(v.picklist(BLOCK_SIZES)),
    'Elements along the reduced axis that share a scale; per-block only.',
  ),
});

const activationPrecision = v.strictObject({
  dtype: v.exactOptional(v.picklist(ACTIVATION_DTYPES)),
  symmetric: v.exactOptional(v.boolean()),
});

/** The observers' names as a schema. */
export const observerName = v.picklist(Object.keys(observers) as ObserverName[]);

/** Which nodes a rule is about, and what it changes for them. */
export const layerRule = v.strictObject({
  nodes: described(
    v.exactOptional(texts),
    'Globs over node names, op types and first outputs; `a..b` is every node between the values a and b.',
  ),
  ops: described(v.exactOptional(texts), 'Op types.'),
  from: described(
    v.exactOptional(texts),
    'Values: nodes that depend on one of them. With `to`: the subgraph between.',
  ),
  to: described(v.exactOptional(texts), 'Values: nodes that one of them depends on.'),
  keepFloat: described(v.exactOptional(v.boolean()), 'Leave the nodes in float; false takes that back.'),
  weights: described(
    v.exactOptional(v.union([v.literal('float'), weightPrecision])),
    'Float weights leave the nodes in float.',
  ),
  activations: described(
    v.exactOptional(v.union([v.literal('float'), activationPrecision])),
    'What the nodes read. Float activations quantize the weights only.',
  ),
  observer: described(v.exactOptional(observerName), 'How ranges of what the nodes read are chosen.'),
});

/**
 * Changes the precision of the nodes that meet every condition given (`nodes`, `ops`, `from`, `to`); without conditions,
 * of all. Of several rules for a node the later win, field by field.
 */
export type LayerRule = v.InferOutput<typeof layerRule>;
