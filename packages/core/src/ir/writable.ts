/** A class whose fields others only read, as the modules that keep those fields current see it. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };
