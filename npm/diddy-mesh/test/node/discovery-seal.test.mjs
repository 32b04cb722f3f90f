// The format of sealed Snapshots, from both sides, and against Node's own crypto.
import assert from "node:assert/strict";
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const stdin = { contents: `export * from "./discovery/seal.ts";`, resolveDir: fileURLToPath(new URL("../../src", import.meta.url)), loader: "ts" };
const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false, logLevel: "error" });
const { open, seal } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);

function signer() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { publicKey, secret: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64url"), known: publicKey.export({ format: "jwk" }).x };
}
const [one, two] = [signer(), signer()];
const [aes, otherAes] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];
const value = new Uint8Array(randomBytes(1_000));
const metadata = { version: 7, split: 400, percent: 12.5 };
const plain = { value, metadata };
const keys = { sign: { id: "k1", key: one.secret }, encrypt: { id: "e1", key: aes } };
const good = { verify: { k1: one.known }, decrypt: { e1: aes } };
const refuses = (sealed, opening, why, mesh = "default") => assert.rejects(open(sealed, mesh, opening), why);

test("what is sealed in any way is opened again", async () => {
  for (const how of [{}, { sign: keys.sign }, { encrypt: keys.encrypt }, keys]) {
    const sealed = await seal(plain, "default", how);
    assert.deepEqual(await open(sealed, "default", { decrypt: good.decrypt, ...(how.sign && { verify: good.verify }) }), plain, Object.keys(how).join());
    assert.ok(JSON.stringify(sealed.metadata).length < 1_024);
  }
  const { value: encrypted } = await seal(plain, "default", keys);
  assert.notDeepEqual(encrypted.subarray(0, 1_000), value);
  assert.deepEqual(await open(await seal({ value, metadata: { version: 1 } }, "default", keys), "default", good), { value, metadata: { version: 1, split: undefined, percent: undefined } });
});

test("the format is the one that is documented", async () => {
  const text = (rest) => Buffer.from(`mesh-snapshot-v1\ndefault\n${rest}`);
  const digest = createHash("sha256").update(value).digest();
  const signed = await seal(plain, "default", { sign: keys.sign });
  assert.ok(verify(null, Buffer.concat([text("7\n400\n12.5\n"), digest]), one.publicKey, Buffer.from(signed.metadata.sig, "base64url")));
  const sig = sign(null, Buffer.concat([text("8\n\n\n"), digest]), createPrivateKey({ key: Buffer.from(one.secret, "base64url"), format: "der", type: "pkcs8" })).toString("base64url");
  await open({ value, metadata: { version: 8, sig, key: "k1" } }, "default", good);
  const { metadata: whole, value: encrypted } = await seal(plain, "default", keys);
  const key = await crypto.subtle.importKey("raw", Buffer.from(aes, "base64url"), "AES-GCM", false, ["decrypt"]);
  const decrypted = await crypto.subtle.decrypt({ name: "AES-GCM", iv: Buffer.from(whole.iv, "base64url"), additionalData: text("7\n400\n12.5\n") }, key, encrypted);
  assert.deepEqual(new Uint8Array(decrypted), value);
  assert.equal(Buffer.from(whole.iv, "base64url").length, 12);
});

test("whatever was altered is refused", async () => {
  for (const how of [{ sign: keys.sign }, { encrypt: keys.encrypt }, keys]) {
    const opening = { decrypt: good.decrypt, ...(how.sign && { verify: good.verify }) };
    const sealed = await seal(plain, "default", how);
    for (const i of [0, 500, sealed.value.length - 1]) {
      const altered = sealed.value.slice();
      altered[i] ^= 1;
      await refuses({ value: altered, metadata: sealed.metadata }, opening, /is wrong|cannot be decrypted/);
    }
    for (const change of [{ version: 8 }, { percent: 13 }, { percent: undefined }, { split: 401 }, { split: undefined }]) {
      await refuses({ value: sealed.value, metadata: { ...sealed.metadata, ...change } }, opening, /is wrong|cannot be decrypted/);
    }
    for (const change of [{ version: "7\n400" }, { version: undefined }, { percent: "12.5" }]) {
      await refuses({ value: sealed.value, metadata: { ...sealed.metadata, ...change } }, opening, /malformed/);
    }
    await refuses(sealed, opening, /is wrong|cannot be decrypted/, "other");
    await refuses({ value: new Uint8Array(), metadata: sealed.metadata }, opening, /is wrong|cannot be decrypted/);
  }
});

test("a signature that is missing, of another key or of an unknown one is refused", async () => {
  const sealed = await seal(plain, "default", { sign: keys.sign });
  await refuses(plain, good, /not signed/);
  await refuses({ value, metadata: { ...metadata, sig: sealed.metadata.sig } }, good, /not signed/);
  await refuses(sealed, { verify: { k1: two.known } }, /the signature of the Snapshot is wrong \(key "k1"\)/);
  await refuses(sealed, { verify: { k2: one.known } }, /signed with the key "k1", which is not among/);
  await refuses(sealed, { verify: {} }, /which is not among/);
  await refuses({ value, metadata: { ...sealed.metadata, key: "__proto__" } }, good, /which is not among/);
  await refuses({ value, metadata: { ...sealed.metadata, sig: "AAAA" } }, good, /is wrong/);
  const encrypted = await seal(plain, "default", { encrypt: keys.encrypt });
  await refuses(encrypted, good, /not signed/);
  await refuses(encrypted, {}, /encrypted with the key "e1", which is not among/);
  await refuses(encrypted, { decrypt: { e1: otherAes } }, /cannot be decrypted/);
  await refuses({ value: encrypted.value, metadata: { ...encrypted.metadata, iv: undefined } }, { decrypt: good.decrypt }, /cannot be decrypted/);
});

test("keys take over from one another", async () => {
  const both = { verify: { k1: one.known, k2: two.known }, decrypt: { e1: aes, e2: otherAes } };
  const older = await seal(plain, "default", keys);
  const newer = await seal(plain, "default", { sign: { id: "k2", key: two.secret }, encrypt: { id: "e2", key: otherAes } });
  assert.deepEqual(await open(older, "default", both), plain);
  assert.deepEqual(await open(newer, "default", both), plain);
  await refuses(older, { ...both, verify: { k2: two.known } }, /signed with the key "k1"/);
});

test("keys may come as CryptoKeys", async () => {
  const encrypting = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const { privateKey, publicKey } = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const known = Buffer.from(await crypto.subtle.exportKey("raw", publicKey)).toString("base64url");
  const sealed = await seal(plain, "default", { sign: { id: "k", key: privateKey }, encrypt: { id: "e", key: encrypting } });
  assert.deepEqual(await open(sealed, "default", { verify: { k: known }, decrypt: { e: encrypting } }), plain);
});

/** A provider that answers as the test has it, and how often it was asked with what. */
function provider(answer) {
  const one = Object.assign((env) => (one.asked.push(env), one.answer(env)), { asked: [], answer });
  return one;
}
const ENV = { SECRET: aes };

test("keys may come from providers, each or all together, which are asked once", async () => {
  const [signKey, encryptKey] = [provider(() => one.secret), provider(async ({ SECRET }) => SECRET)];
  const sealing = { sign: { id: "k1", key: signKey }, encrypt: { id: "e1", key: encryptKey } };
  const [each, all] = [provider(({ SECRET }) => SECRET), provider(async () => ({ k1: one.known }))];
  for (let i = 0; i < 3; i++) {
    const sealed = await seal(plain, "default", sealing, ENV);
    assert.deepEqual(await open(sealed, "default", { verify: all, decrypt: { e1: each, other: provider(() => assert.fail("it is not needed")) } }, ENV), plain);
  }
  for (const { asked } of [signKey, encryptKey, each, all]) {
    assert.deepEqual(asked, [ENV]);
  }
  const imported = await crypto.subtle.importKey("raw", Buffer.from(one.known, "base64url"), "Ed25519", false, ["verify"]);
  await open(await seal(plain, "default", keys), "default", { ...good, verify: { k1: provider(() => imported) } });
  // All keys of a provider may have providers of their own.
  assert.deepEqual(await open(await seal(plain, "default", keys), "default", { verify: provider(() => ({ k1: provider(() => one.known) })), decrypt: good.decrypt }), plain);
});

test("a provider is asked again where what it gave opens nothing, and then not for a while", async (t) => {
  let now = 1_000;
  t.mock.method(performance, "now", () => now);
  const older = await seal(plain, "default", { sign: keys.sign });
  const newer = await seal(plain, "default", { sign: { id: "k2", key: two.secret } });
  const all = provider(() => ({ k1: one.known }));
  await open(older, "default", { verify: all });
  assert.equal(all.asked.length, 1);
  // Another id: the provider has it by now.
  all.answer = () => ({ k1: one.known, k2: two.known });
  await open(newer, "default", { verify: all });
  await open(older, "default", { verify: all });
  assert.equal(all.asked.length, 2);
  // An id that it does not have is not asked for each time.
  const unknown = { ...newer, metadata: { ...newer.metadata, key: "k3" } };
  for (let i = 0; i < 5; i++) {
    await refuses(unknown, { verify: all }, /key "k3", which is not among/);
  }
  assert.equal(all.asked.length, 2, "it was asked again just now");
  now += 10_000;
  await refuses(unknown, { verify: all }, /k3/);
  await refuses(unknown, { verify: all }, /k3/);
  assert.equal(all.asked.length, 3);
  // One that is away takes nothing that was known.
  now += 10_000;
  all.answer = () => Promise.reject(new Error("away"));
  await refuses(unknown, { verify: all }, /^Error: the provider of the keys that Snapshots are signed with failed: away$/);
  await open(newer, "default", { verify: all });
  assert.equal(all.asked.length, 4);
  // The same id with another key, of one key's own provider.
  const each = provider(() => one.known);
  const verify = { k1: each };
  await open(older, "default", { verify });
  each.answer = () => two.known;
  await open(await seal(plain, "default", { sign: { id: "k1", key: two.secret } }), "default", { verify });
  await refuses(older, { verify }, /is wrong/);
  assert.equal(each.asked.length, 2);
  // A key that was taken back is used for an hour at most.
  all.answer = () => ({ k2: two.known });
  now += 3_600_000;
  await refuses(older, { verify: all }, /key "k1", which is not among/);
});

test("a provider that throws, gives nothing or hangs is as a wrong key", async () => {
  const encrypted = await seal(plain, "default", keys);
  const failing = (answer, why) => refuses(encrypted, { ...good, decrypt: { e1: provider(answer) } }, why);
  await failing(() => { throw new Error("no such secret"); }, /the provider of the key "e1" failed: no such secret/);
  await failing(() => undefined, /found undefined, expected a key or keys/);
  await failing(() => null, /found null/);
  await failing(() => 7, /found number/);
  await failing(() => "!", /Invalid character|cannot be decoded|correctly encoded/);
  await failing(() => otherAes, /cannot be decrypted/);
  await refuses(encrypted, { decrypt: good.decrypt, verify: provider(() => one.known) }, /gave a text; expected keys by id/);
  await refuses(encrypted, { decrypt: good.decrypt, verify: provider(() => undefined) }, /expected a key or keys/);
  await refuses(plain, { verify: provider(() => ({})) }, /not signed/);
  await refuses(encrypted, { decrypt: good.decrypt, verify: provider(() => Object.create({ k1: one.known })) }, /not among/);
  await assert.rejects(seal(plain, "default", { sign: { id: "k1", key: provider(() => Promise.reject(new Error("away"))) } }), /the provider of the key "k1" failed: away/);
  const began = performance.now();
  const slow = provider(() => new Promise((resolve) => setTimeout(resolve, 2_500, aes)));
  await refuses(encrypted, { ...good, decrypt: { e1: slow } }, /no answer within 2000 ms/);
  assert.ok(performance.now() - began < 2_450);
  // What came too late is there for the next one.
  await new Promise((resolve) => setTimeout(resolve, 800));
  assert.deepEqual(await open(encrypted, "default", { ...good, decrypt: { e1: slow } }), plain);
  assert.equal(slow.asked.length, 1);
});
