export interface OnnxRuntimeOptions {
  /** Names of intermediate values to report to `RunOptions.onTap`; needs a `Model`, not a path or URL. */
  readonly taps?: readonly string[];
  /** Threads inside one operator (default 1). */
  readonly threads?: number;
  /** onnxruntime's graph optimization level (default `all`; taps need `basic` or `disabled` to keep every value). */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all';
}
