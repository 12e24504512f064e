import type { Model } from '@octavo/core/ir';
import {
  evaluate,
  type Figure,
  type Latency,
  measureLatency,
  type Scored,
  type Summary,
} from '@octavo/evaluation';
import { encodedBytes } from '@octavo/formats';
import type { NamedTensors, Session } from '@octavo/runtime';
import { Checkpoint } from '../checkpoint.js';
import type { Judge } from './judge.js';
import type { Target } from './target.js';

/** How fast a model runs on one target, timed in turns with the original. */
export interface TargetLatency extends Latency {
  readonly target: string;
  /** The original's in the same turns. */
  readonly original: Latency;
  /** Median over the original's median: below 1 is faster. */
  readonly ratio: number;
}

/** What one quantized model is like. */
export interface TrialFigures {
  /** Of the ONNX file. */
  readonly bytes: number;
  /** The metric on the validation samples, compared pair by pair with the original's. */
  readonly quality: Figure;
  /** Of the original's metric, what is kept (`Comparison.retention`). */
  readonly retention: number;
  /** One for each target, in order. */
  readonly latency: readonly TargetLatency[];
}

export interface TrialOptions {
  readonly judge: Judge;
  /** The first one scores the models; all are timed. */
  readonly targets: readonly [Target, ...Target[]];
  /** Inputs to time with. */
  readonly feeds: readonly NamedTensors[];
  /** Milliseconds to spend on each model and target; default 500. */
  readonly latencyBudget?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each validation sample. */
  readonly onSample?: ((seen: number) => void) | undefined;
}

/**
 * Measures quantized models against one original on the same samples and, in turns, on the same clock.
 * Dispose it to free the original's sessions.
 */
export class Trials {
  /** The original's metric and size. */
  readonly original: { readonly value: number; readonly bytes: number };
  /** How models are scored. */
  readonly metric: Summary;
  private readonly options: TrialOptions;
  private readonly sessions: readonly Session[];
  private readonly scored: readonly Scored[];
  private readonly checkpoint: Checkpoint;

  private constructor(
    source: Model,
    options: TrialOptions,
    sessions: readonly Session[],
    scored: readonly Scored[],
  ) {
    this.metric = options.judge.metric;
    this.options = options;
    this.sessions = sessions;
    this.scored = scored;
    this.checkpoint = new Checkpoint(options.signal);
    const { value } = evaluate(this.metric, scored).overall;
    this.original = { value, bytes: encodedBytes(source) };
  }

  /** Opens the original on every target and scores it on the first. Throws as sessions and judges do. */
  static async start(source: Model, options: TrialOptions): Promise<Trials> {
    const sessions: Session[] = [];
    try {
      for (const target of options.targets) sessions.push(await target.open(source));
      const [first] = sessions;
      if (!first) throw new Error('there is at least one target');
      const scored = await options.judge.score(first, options);
      return new Trials(source, options, sessions, scored);
    } catch (error) {
      for (const session of sessions) session.dispose();
      throw error;
    }
  }

  /** Scores a model on the validation samples, on the first target. Throws as sessions and judges do. */
  async score(model: Model): Promise<Pick<TrialFigures, 'bytes' | 'quality' | 'retention'>> {
    await this.checkpoint.pass();
    const { judge, targets } = this.options;
    using session = await targets[0].open(model);
    const scored = await judge.score(session, this.options);
    const { overall: quality } = evaluate(this.metric, scored, { original: this.scored });
    return { bytes: encodedBytes(model), quality, retention: quality.original?.retention ?? Number.NaN };
  }

  /** Times a model on every target, in turns with the original. Throws as sessions do. */
  async time(model: Model): Promise<TargetLatency[]> {
    const latencies: TargetLatency[] = [];
    for (const [index, target] of this.options.targets.entries()) {
      await this.checkpoint.pass();
      const original = this.sessions[index];
      if (!original) continue;
      using session = await target.open(model);
      latencies.push(await this.compare(target.name, original, session));
    }
    return latencies;
  }

  /** Scores and times a model. */
  async measure(model: Model): Promise<TrialFigures> {
    return { ...(await this.score(model)), latency: await this.time(model) };
  }

  [Symbol.dispose](): void {
    for (const session of this.sessions) session.dispose();
  }

  private async compare(target: string, original: Session, session: Session): Promise<TargetLatency> {
    const { feeds, latencyBudget = 500, signal } = this.options;
    const [before, after] = await measureLatency([original, session], feeds, latencyBudget, {
      signal,
    });
    if (!before || !after) throw new Error('two sessions give two latencies');
    return { target, ...after, original: before, ratio: after.median / before.median };
  }
}
