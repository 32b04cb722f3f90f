/** The versions of the configuration, and their documents. */
import type { Sql } from "./platform.js";
import type { Document, HistoryEntry } from "../protocol.js";

/** Characters of a document in one row: a row holds 2 MB, and a character is up to three bytes. */
const PART_CHARS = 500_000;
/** Versions that are kept; the oldest go first. */
const VERSIONS_MAX = 500;

/** What is written with a version. */
export interface NewVersion {
  readonly text: string;
  readonly at: number;
  readonly author: string;
  readonly message: string;
  readonly rollbackOf: number | null;
  readonly hash: string;
}

/** See the head of this file. */
export class Versions {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The highest version that was ever given; 0 = none. */
  latest(): number {
    return (this.#sql.exec("SELECT MAX(version) AS latest FROM config").toArray()[0]?.["latest"] as number | null) ?? 0;
  }

  /** Keeps a document; its version. `inUse` are those that stay however old they are. */
  add({ text, at, author, message, rollbackOf, hash }: NewVersion, inUse: readonly number[]): number {
    const version = this.latest() + 1;
    const bytes = new TextEncoder().encode(text).length;
    this.#sql.exec("INSERT INTO config (version, at, author, message, rollback_of, hash, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)", version, at, author, message, rollbackOf, hash, bytes);
    for (let part = 0; part * PART_CHARS < text.length; part++) {
      this.#sql.exec("INSERT INTO config_part (version, part, text) VALUES (?, ?, ?)", version, part, text.slice(part * PART_CHARS, (part + 1) * PART_CHARS));
    }
    const oldest = Math.min(version - VERSIONS_MAX, ...inUse.filter((used) => used > 0).map((used) => used - 1));
    this.#sql.exec("DELETE FROM config WHERE version <= ?", oldest);
    this.#sql.exec("DELETE FROM config_part WHERE version <= ?", oldest);
    return version;
  }

  /** A document as JSON; undefined where there is none of that version. */
  text(version: number): string | undefined {
    const parts = this.#sql.exec("SELECT text FROM config_part WHERE version = ? ORDER BY part", version).toArray();
    return parts.length === 0 ? undefined : parts.map(({ text }) => text as string).join("");
  }

  /** A document; undefined where there is none of that version. */
  document(version: number): Document | undefined {
    const text = this.text(version);
    return text === undefined ? undefined : (JSON.parse(text) as Document);
  }

  /** Notes that a rollout of a version was stopped. */
  stop(version: number): void {
    this.#sql.exec("UPDATE config SET stopped = 1 WHERE version = ?", version);
  }

  /** The version that was in use before that one; 0 = none. Of one that brought an earlier one back, that before the earlier one: so going back again goes further. */
  before(version: number): number {
    const back = this.#sql.exec("SELECT rollback_of FROM config WHERE version = ?", version).toArray()[0]?.["rollback_of"] as number | null | undefined;
    return back ? this.before(back) : this.#before(version);
  }

  #before(version: number): number {
    return (this.#sql.exec("SELECT MAX(version) AS version FROM config WHERE version < ? AND stopped = 0", version).toArray()[0]?.["version"] as number | null) ?? 0;
  }

  /** Versions below `before`, the latest first. */
  history(limit: number, before: number, current: number, candidate: number): HistoryEntry[] {
    const rows = this.#sql.exec("SELECT * FROM config WHERE version < ? ORDER BY version DESC LIMIT ?", before, limit).toArray();
    return rows.map((row) => {
      const version = row["version"] as number;
      return {
        version,
        at: row["at"] as number,
        author: row["author"] as string,
        message: row["message"] as string,
        rollbackOf: row["rollback_of"] as number | null,
        hash: row["hash"] as string,
        bytes: row["bytes"] as number,
        state: version === current ? "current" : version === candidate ? "candidate" : row["stopped"] === 1 ? "stopped" : "past",
      };
    });
  }
}
