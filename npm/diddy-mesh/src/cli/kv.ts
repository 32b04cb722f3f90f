/**
 * A registry on a KV namespace alone, without a registry object: the command line is the one who publishes configurations,
 * and a Worker's cron may make Snapshots beside it. KV cannot compare and set, and shows a write elsewhere up to a minute
 * late; who publishes a configuration at the same time may undo another.
 */
import type { Made, Publication, RegistryBrain } from "../../wasm/control.js";
import { compile, diff } from "../config.js";
import { brainOf, keptBy, register, ttlOf, type Documents } from "../kv/brain.js";
import { bytesOf, configKey, METADATA_BYTES_MAX, prefixOf, registrationKey, stageKey } from "../kv/keys.js";
import { contentsOf, documentOf, historyOf, latestOf, rolloutOf, type ConfigMetadata, type Contents, type Stage } from "../kv/layout.js";
import { isPublished, made, snapshotOf } from "../kv/snapshot.js";
import { refuse, snapshotKey } from "../protocol.js";
import type { Difference, Document, EndpointName, HistoryEntry, Listing, Publishing, PublishOptions, Refusal, Registered, Registration, RegistryStatus, Rollout, RolloutStep, StoredConfig } from "../protocol.js";
import { load } from "./check.js";
import { Failure } from "./io.js";
import type { Registry } from "./registry.js";
import type { KvEntry, WranglerKv } from "./wrangler-kv.js";

/** See the head of this file. */
export class KvRegistry implements Registry {
  readonly #kv: WranglerKv;
  readonly #mesh: string;

  constructor(kv: WranglerKv, mesh: string) {
    this.#kv = kv;
    this.#mesh = mesh;
    load();
  }

  async register(registrations: readonly Registration[]): Promise<Registered[]> {
    const contents = await this.#contents();
    const brain = brainOf(contents, await this.#documents(contents));
    const done = register(brain, registrations, Date.now());
    const taken = done.filter(({ ok }) => ok);
    // What only goes on and does not end is there already, and a write costs.
    const written = taken.filter(({ state, expiresAt }) => state !== "renewed" || expiresAt !== undefined);
    if (written.length > 0) {
      await this.#kv.putAll(written.map((one) => this.#entry(one)));
    }
    if (taken.length > 0) {
      await this.#republish(contents, brain);
    }
    return done;
  }

  async deregister(ids: readonly string[]): Promise<EndpointName[]> {
    const contents = await this.#contents();
    const going = keptBy(contents, ids);
    if (going.length === 0) {
      return [];
    }
    const registrations = contents.registrations.filter(({ key }) => !going.some((one) => one.key === key));
    const left = { ...contents, registrations };
    const brain = brainOf(left, await this.#documents(contents));
    for (const key of new Set(going.map((one) => one.key))) {
      await this.#kv.delete(key);
    }
    await this.#republish(left, brain);
    return going.map(({ name }) => name);
  }

  async list(): Promise<Listing> {
    const contents = await this.#contents();
    return { ...this.#status(contents), endpoints: brainOf(contents, await this.#documents(contents)).endpoints() };
  }

  async status(): Promise<RegistryStatus> {
    return this.#status(await this.#contents());
  }

  async config(version?: number): Promise<StoredConfig | undefined> {
    const contents = await this.#contents();
    const wanted = version ?? contents.stage.config;
    const document = await this.#document(contents, wanted);
    return document && { version: wanted, document };
  }

  async publish(document: Document, options: PublishOptions = {}): Promise<Publishing> {
    return this.#publish(await this.#contents(), document, options, null);
  }

  async history(limit = 20, before = Infinity): Promise<HistoryEntry[]> {
    return historyOf(await this.#contents()).filter(({ version }) => version < before).slice(0, limit);
  }

  async diff(from: number, to: number): Promise<{ readonly ok: true; readonly difference: Difference } | Refusal> {
    const contents = await this.#contents();
    const [old, next] = [await this.#document(contents, from), await this.#document(contents, to)];
    return old === undefined || next === undefined ? unknownVersion(old === undefined ? from : to) : { ok: true, difference: diff(old, next) };
  }

  async rollback(options: { readonly to?: number | undefined } & PublishOptions = {}): Promise<Publishing> {
    const contents = await this.#contents();
    const { configs, stage } = contents;
    const to = options.to ?? configs.find(({ version }) => version === stage.config)?.after ?? 0;
    const document = await this.#document(contents, to);
    if (document === undefined) {
      return options.to === undefined ? refuse("unknown_version", "there is no version before the one in use") : unknownVersion(to);
    }
    return this.#publish(contents, document, { ...options, message: options.message ?? `rollback to version ${to}` }, to);
  }

  async rollout(step: RolloutStep): Promise<{ readonly ok: true; readonly rollout: Rollout | null } | Refusal> {
    const contents = await this.#contents();
    const { candidate, config } = contents.stage;
    if (candidate === undefined) {
      return refuse("no_rollout", "no rollout is running");
    }
    const { candidate: staged, ...documents } = await this.#documents(contents);
    const goesOn = "percent" in step && step.percent < 100;
    const finished = "percent" in step && !goesOn;
    const stage = goesOn ? { config, candidate, percent: step.percent, since: Date.now() } : { config: finished ? candidate : config };
    const next = staging(contents, stage);
    const publication = publicationOf(made(brainOf(contents, goesOn ? { ...documents, candidate: staged } : finished ? { current: staged } : documents), contents, Date.now()));
    await this.#kv.putAll([this.#staged(next.stage)]);
    await this.#put(next, publication);
    return { ok: true, rollout: rolloutOf(next.stage) };
  }

  async #publish(contents: Contents, document: Document, { author = "", dryRun, expect, message = "", percent }: PublishOptions, rollbackOf: number | null): Promise<Publishing> {
    const latest = latestOf(contents);
    if (expect !== undefined && expect !== latest) {
      return refuse("conflict", `version ${latest} was published since version ${expect}`, { current: latest });
    }
    if (contents.stage.candidate !== undefined && dryRun !== true) {
      return refuse("rollout", `the rollout of version ${contents.stage.candidate} is running: finish or stop it first`, { current: latest });
    }
    const { summary, diagnostics } = compile(document);
    if (summary === undefined) {
      return refuse("invalid", "the configuration has errors", { diagnostics });
    }
    const { config, stagedAt } = contents.stage;
    const { current } = await this.#documents(contents);
    const text = JSON.stringify(document);
    const changed = current === undefined || JSON.stringify(current) !== text;
    if (!changed && dryRun !== true && contents.snapshot?.stagedAt !== stagedAt) {
      // Whoever published it ended before the Snapshot was written, or somebody who knew less wrote another one.
      await this.#republish(contents, brainOf(contents, { current }));
    }
    if (dryRun === true || !changed) {
      return { ok: true, version: changed ? latest + 1 : config, changed, diagnostics, summary, ...(dryRun === true && current !== undefined ? { difference: diff(current, document) } : {}) };
    }
    const version = latest + 1;
    const at = Date.now();
    const metadata: ConfigMetadata = { version, at, author, message, rollbackOf, hash: summary.hash, bytes: Buffer.byteLength(text), after: config };
    if (bytesOf(metadata) > METADATA_BYTES_MAX) {
      return refuse("invalid_request", `message and author are too long for KV, which keeps ${METADATA_BYTES_MAX} bytes with a key`);
    }
    const staged = percent !== undefined && current !== undefined;
    const brain = brainOf(contents, staged ? { current, candidate: document } : { current: document });
    // Registrations can have what does not go with this document: that is found before anything is written.
    const { publication, diagnostics: found } = made(brain, contents, at);
    if (publication === undefined) {
      return refuse("invalid", "the configuration does not compile with the endpoints that are registered", { diagnostics: found });
    }
    const next = staging(contents, staged ? { config, candidate: version, percent, since: at } : { config: version });
    await this.#kv.putAll([{ key: configKey(this.#mesh, version), value: text, metadata, ttl: undefined }, this.#staged(next.stage)]);
    await this.#put(next, publication);
    return { ok: true, version, changed, diagnostics, summary };
  }

  /** Publishes where registrations change what is published; the configuration stays. */
  async #republish(contents: Contents, brain: RegistryBrain): Promise<void> {
    const publication = publicationOf(made(brain, contents, Date.now()), "this is stored, but with it nothing can be published");
    if (!isPublished(contents, publication)) {
      await this.#put(contents, publication);
    }
  }

  /** Writes the Snapshot. One that is sealed is left to the cron that has the keys: a plain one would be refused where signatures are wanted. */
  async #put({ snapshot, stage }: Contents, publication: Publication): Promise<void> {
    if (snapshot?.sig === undefined && snapshot?.enc === undefined) {
      const { metadata, value } = snapshotOf(publication, stage, Date.now());
      await this.#kv.put(snapshotKey(this.#mesh), value, metadata);
    }
  }

  #staged(stage: Stage): KvEntry {
    return { key: stageKey(this.#mesh), metadata: stage, ttl: undefined };
  }

  #entry({ id, registration }: Registered): KvEntry {
    const kept = registration as Registration;
    return { key: registrationKey(this.#mesh, kept.service, id as string), metadata: kept, ttl: ttlOf(kept) };
  }

  #status(contents: Contents): RegistryStatus {
    const { snapshot, stage } = contents;
    return { mesh: this.#mesh, config: stage.config, latest: latestOf(contents), snapshot: snapshot?.version ?? 0, publishedAt: snapshot?.at ?? null, publishError: null, denied: 0, rollout: rolloutOf(stage) };
  }

  async #contents(): Promise<Contents> {
    return contentsOf(this.#mesh, await this.#kv.list(prefixOf(this.#mesh)), Date.now());
  }

  /** The documents in use. Without one of them nothing can be published. */
  async #documents({ stage }: Contents): Promise<Documents> {
    const read = async (version: number | undefined): Promise<Document | undefined> => (version === undefined || version === 0 ? undefined : this.#read(version));
    return { current: await read(stage.config), candidate: await read(stage.candidate) };
  }

  async #document({ configs }: Contents, version: number): Promise<Document | undefined> {
    return configs.some((config) => config.version === version) ? this.#read(version) : undefined;
  }

  async #read(version: number): Promise<Document> {
    return documentOf(version, (await this.#kv.get(configKey(this.#mesh, version))).toString());
  }
}

/** What is there with another stage. */
function staging(contents: Contents, stage: Stage): Contents {
  // Later than the one before whatever the clock says, so that it holds.
  return { ...contents, stage: { ...stage, stagedAt: Math.max(Date.now(), (contents.stage.stagedAt ?? 0) + 1) } };
}

/** What is to be published, where it compiles. */
function publicationOf({ diagnostics, publication }: Made, otherwise = "nothing can be published"): Publication {
  if (publication === undefined) {
    throw new Failure(`${otherwise}: ${diagnostics.map(({ message }) => message).join("; ")}`);
  }
  return publication;
}

function unknownVersion(version: number): Refusal {
  return refuse("unknown_version", `there is no version ${version}`);
}
