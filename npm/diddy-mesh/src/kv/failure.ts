/** What stands in KV cannot be gone on with: another program wrote it, or a part of it is away. Nothing was changed. */
export class KvFailure extends Error {}
