/** What is used of a Durable Object's platform, so that no types package is required to build this one. */

/** A value that SQLite keeps. */
export type Cell = string | number | null;

/** The object's own database. Every call is synchronous, and what one turn writes is written together. */
export interface Sql {
  exec(query: string, ...bindings: Cell[]): { toArray(): Record<string, Cell>[] };
}

/** The state of an object. */
export interface ObjectState {
  readonly id: { readonly name?: string | undefined };
  readonly storage: {
    readonly sql: Sql;
    transactionSync<T>(work: () => T): T;
    getAlarm(): Promise<number | null>;
    setAlarm(at: number): Promise<void>;
  };
  waitUntil(promise: Promise<unknown>): void;
  acceptWebSocket(socket: WebSocket, tags?: string[]): void;
  getWebSockets(tag?: string): WebSocket[];
}

/** The part of a KV namespace that is written. */
export interface KvWriter {
  put(key: string, value: Uint8Array, options: { metadata: unknown }): Promise<void>;
}

/** The namespace of the objects, as Workers have it. */
export interface RegistryNamespace {
  getByName(name: string): unknown;
}
