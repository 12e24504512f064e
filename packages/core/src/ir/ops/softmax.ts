import { attr } from '../attribute.js';
import { sameType } from '../dims.js';
import { defineOp, type Op } from '../op.js';

/** `exp(x) / sum(exp(x))` along `axis`. */
export const Softmax = defineOp({
  name: 'Softmax',
  since: 13,
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: attr.int(-1) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** Softmax over all axes from `axis` to the last together. */
export const Softmax1 = defineOp({
  name: 'Softmax',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: attr.int(1) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** `x - ln(sum(exp(x)))` along `axis`. */
export const LogSoftmax = defineOp({
  name: 'LogSoftmax',
  since: 13,
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: attr.int(-1) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** LogSoftmax over all axes from `axis` to the last together. */
export const LogSoftmax1 = defineOp({
  name: 'LogSoftmax',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: attr.int(1) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** 1 at the first largest element along `axis`, 0 elsewhere. */
export const Hardmax = defineOp({
  name: 'Hardmax',
  since: 13,
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: attr.int(-1) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

/** Hardmax over all axes from `axis` to the last together. */
export const Hardmax1 = defineOp({
  name: 'Hardmax',
  inputs: ['input'],
  outputs: ['output'],
  attributes: { axis: attr.int(1) },
  inferTypes: ({ inputs }) => sameType(inputs.input),
});

export const softmaxOps: readonly Op[] = [Softmax, Softmax1, LogSoftmax, LogSoftmax1, Hardmax, Hardmax1];
