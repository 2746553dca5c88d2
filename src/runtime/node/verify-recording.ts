/** `verify` for a recording in a file: both engines of this program, side by side. */
import { decodeBatch } from '../../log/codec.js';
import type { Entry } from '../../log/entry.js';
import type { Verdict } from '../../verify/index.js';
import { usage } from '../options.js';
import { batchesOf, surveyRecording } from './recording-file.js';
import { fuelOf, loadModule } from './start-replay.js';

export const VERIFY_EVERY = 10_000_000;

export interface VerifyOptions {
  /** Path of the recording. */
  readonly recording: string;
  /** The module's path or bytes, if it is not in the recording, or not where the recording says. */
  readonly module?: string | Uint8Array;
  /** Instructions between two comparisons (default 10 million); the first difference is found in any case. */
  readonly every?: number;
  /** Where rewritten modules are kept between starts; nowhere without it. */
  readonly cacheDirectory?: string;
  /** Instructions compared so far, and at the end of the log. */
  readonly onProgress?: (counter: number, total: number) => void;
}

/**
 * Replays a recording on both engines and compares them. Rejects if recording or module cannot be used (FTW_DIVERGENCE if
 * they do not belong together), and with FTW_UNSUPPORTED for a module that one of the engines does not run or capture.
 */
export async function verifyRecording(options: VerifyOptions): Promise<Verdict> {
  const { every = VERIFY_EVERY } = options;
  if (!Number.isSafeInteger(every) || every < 1) throw usage(`every must be a whole number above 0, not ${every}`);
  // Loaded here, because every other command would wait for it.
  const [{ createEngine, createReference }, { verify }] = await Promise.all([
    import('./engines.js'),
    import('../../verify/index.js'),
  ]);
  const survey = await surveyRecording(options.recording);
  const { guest, last, path, wasi } = survey;
  const module = await loadModule(options, survey);
  const entries: Entry[] = [];
  for await (const batch of batchesOf(path)) entries.push(...decodeBatch(batch).entries);
  const fuelMax = fuelOf(survey);
  const [compiled, interpreter] = await Promise.all([
    createEngine('compiled', options.cacheDirectory),
    createReference(),
  ]);
  return verify({
    ...{ module, entries, wasi, every, limits: guest.limits },
    compiled: await compiled.prepare(module),
    interpreter: await interpreter.prepare(module),
    onPoint: (counter) => options.onProgress?.(counter, survey.end?.counter ?? last.counter),
    ...(fuelMax === undefined ? {} : { fuelMax }),
  });
}
