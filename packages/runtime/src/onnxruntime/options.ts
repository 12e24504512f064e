export interface OnnxRuntimeOptions {
  /** Names of intermediate values to report to `RunOptions.onTap`; needs a `Model`, not a path or URL. */
  readonly taps?: readonly string[];
  /** Threads inside one operator (default 1). */
  readonly threads?: number;
  /** onnxruntime's graph optimization level (default `all`; taps need `basic` or `disabled` to keep every value). */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all';
  /**
   * Whether products of uint8 by int8 keep every bit (default) on x64 CPUs without VNNI, where onnxruntime by itself
   * saturates them in 16 bits (`session.x64quantprecision`). It holds from the `extended` level on and costs speed there;
   * on other processors a small product tells that nothing is to be done. Switch it off only to time onnxruntime as it comes.
   */
  readonly exact?: boolean;
}
