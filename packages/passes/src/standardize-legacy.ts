import type { Pass } from '@octavo/core/ir';
import { legacyForms } from './raise-opset/legacy-lifts.js';

const FORMS = new Map(legacyForms.map((form) => [form.op.key, form]));

/** Turns the experimental ops of old converters (Affine, Crop, ImageScaler) into standard ones, from opset 7 on. */
export const standardizeLegacy: Pass = {
  name: 'standardize-legacy',
  run(graph, log) {
    let changed = false;
    for (const node of graph.nodes) {
      const form = FORMS.get(node.op.key);
      if (!form) continue;
      log.fired(`standardize-${form.op.name}`, node.label);
      form.apply(graph, node);
      changed = true;
    }
    return changed;
  },
};
