import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { float32, int64, type Tensor, zeros } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import type { Session } from '@octavo/runtime';
import type { Decide } from './decisions.js';
import type { DecisionCount } from './real-model.js';

const [CONTEXT, FRAME, RATE] = [64, 512, 16_000];

/** Frames of speech with 64 samples of context; the recurrent state of each is the one that the float model hands on. */
export async function readSpeechFrames(folder: string, float: Session): Promise<Sample[]> {
  const wave = await readWave(join(folder, 'audio/silero_vad/test.wav'));
  const padded = new Float32Array(CONTEXT + wave.length);
  padded.set(wave, CONTEXT);
  const samples: Sample[] = [];
  let state: Tensor = zeros('float32', [2, 1, 128]);
  for (let at = 0; at + FRAME <= wave.length; at += FRAME) {
    const input = float32(padded.subarray(at, at + CONTEXT + FRAME), [1, CONTEXT + FRAME]);
    const feeds = { input, state, sr: int64([RATE], []) };
    samples.push({ id: `frame ${at / FRAME}`, feeds });
    const next = (await float.run(feeds))['stateN'];
    if (!next) throw new Error('silero_vad hands its state on');
    state = next;
  }
  return samples;
}

/** The 16-bit samples of a mono WAV file, in -1..1. */
async function readWave(path: string): Promise<Float32Array> {
  const bytes = await readFile(path);
  const data = bytes.indexOf('data', 12, 'latin1');
  const length = bytes.readUInt32LE(data + 4);
  return Float32Array.from({ length: length / 2 }, (_, i) => bytes.readInt16LE(data + 8 + 2 * i) / 32768);
}

/** 1 where a frame is speech. */
export const speechDecision: Decide = (output) => [(output[0] ?? Number.NaN) > 0.5 ? 1 : 0];

export const speechFrames: DecisionCount = {
  name: 'frames of speech',
  value: 1452,
  of: (decisions) => decisions.filter(({ prediction }) => prediction === 1).length,
};
