/** What a registry keeps in its database: registrations, and facts by name. Configurations are in `versions.ts`. */
import type { Cell, Sql } from "./platform.js";

/** The layout of the tables. A later one carries over what it finds. */
const LAYOUT = 1;

const TABLES = [
  "CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS registration (id TEXT PRIMARY KEY, document TEXT NOT NULL, expires_at REAL) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS config (version INTEGER PRIMARY KEY, at REAL NOT NULL, author TEXT NOT NULL, message TEXT NOT NULL, rollback_of INTEGER, hash TEXT NOT NULL, bytes INTEGER NOT NULL, stopped INTEGER NOT NULL DEFAULT 0)",
  "CREATE TABLE IF NOT EXISTS config_part (version INTEGER NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (version, part)) WITHOUT ROWID",
];

/** Names of facts. */
export interface Facts {
  /** The layout of these tables. */
  layout: number;
  /** The version of what is to be published, and the last one that needs no publishing any more. */
  version: number;
  settled: number;
  /** The one that was published last, when, and the hash of its content. */
  snapshot: number;
  published_at: number | null;
  hash: string;
  /** Why publishing failed last, and how often since it last went well. */
  publish_error: string | null;
  publish_failures: number;
  /** Requests with a wrong token. */
  denied: number;
  /** The configuration in use; 0 = none. */
  config: number;
  /** That of a rollout, 0 = none, with its share, its beginning and what was reported since. */
  candidate: number;
  percent: number;
  since: number;
  counts: string;
  /** What is known of checked endpoints, as JSON. */
  checks: string;
  /** The endpoints that isolates leave out, as JSON. */
  ejections: string;
  /** What variables overrode when the configuration was taken into use, as JSON. */
  overrides: string;
}

const NOTHING: Facts = {
  layout: LAYOUT,
  version: 0,
  settled: 0,
  snapshot: 0,
  published_at: null,
  hash: "",
  publish_error: null,
  publish_failures: 0,
  denied: 0,
  config: 0,
  candidate: 0,
  percent: 0,
  since: 0,
  counts: "[0,0,0,0]",
  checks: "[]",
  ejections: "[]",
  overrides: "[]",
};

/** A stored registration. */
export interface StoredRegistration {
  readonly id: string;
  /** As JSON. */
  readonly document: string;
  readonly expiresAt: number | null;
}

/** See the head of this file. */
export class Storage {
  readonly #sql: Sql;
  #facts: Facts = NOTHING;

  constructor(sql: Sql) {
    this.#sql = sql;
    TABLES.forEach((table) => sql.exec(table));
    this.reload();
  }

  /** Reads the facts again, where what was written was taken back. */
  reload(): void {
    const found = Object.fromEntries(this.#sql.exec("SELECT name, value FROM fact").toArray().map(({ name, value }) => [name, value]));
    this.#facts = { ...NOTHING, ...found };
  }

  /** A fact. */
  get<Name extends keyof Facts>(name: Name): Facts[Name] {
    return this.#facts[name];
  }

  /** Keeps facts; those that stay as they are cost nothing. */
  set(facts: Partial<Facts>): void {
    for (const [name, value] of Object.entries(facts) as [keyof Facts, Cell][]) {
      if (this.#facts[name] !== value) {
        this.#sql.exec("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", name, value);
        (this.#facts as unknown as Record<string, Cell>)[name] = value;
      }
    }
  }

  /** All registrations. */
  registrations(): StoredRegistration[] {
    const rows = this.#sql.exec("SELECT id, document, expires_at FROM registration").toArray();
    return rows.map(({ id, document, expires_at }) => ({ id: id as string, document: document as string, expiresAt: expires_at as number | null }));
  }

  /** A registration; undefined where there is none. */
  registration(id: string): StoredRegistration | undefined {
    const row = this.#sql.exec("SELECT document, expires_at FROM registration WHERE id = ?", id).toArray()[0];
    return row && { id, document: row["document"] as string, expiresAt: row["expires_at"] as number | null };
  }

  /** Keeps a registration. */
  register({ id, document, expiresAt }: StoredRegistration): void {
    this.#sql.exec("INSERT OR REPLACE INTO registration (id, document, expires_at) VALUES (?, ?, ?)", id, document, expiresAt);
  }

  /** Keeps when a registration ends. */
  renew(id: string, expiresAt: number): void {
    this.#sql.exec("UPDATE registration SET expires_at = ? WHERE id = ?", expiresAt, id);
  }

  /** Forgets a registration. */
  forget(id: string): void {
    this.#sql.exec("DELETE FROM registration WHERE id = ?", id);
  }
}
