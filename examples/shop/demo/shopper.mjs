/** One shopper: a browser with cookies and a cart in mind. Follows redirects by hand, as one page load. */

/**
 * @typedef {object} Load
 * @property {string} page which kind of page
 * @property {boolean} ok 2xx, and everything needed was on it
 * @property {number} ms redirects included
 * @property {string} why what was missing, "" when ok
 * @property {number} implied how likely it was to succeed without a mesh
 */

/** How long a shopper waits for a page, in ms. */
const PATIENCE_MS = 10_000;

/** What must be on a page: a pattern, and how often. @type {Record<string, [RegExp, number]>} */
const NEEDED = {
  home: [/data-product="[^]*?class="price">[^<]*\d/g, 9],
  product: [/data-suggested="/g, 4],
  cart: [/data-total>/g, 1],
  order: [/data-order>[0-9a-f-]{36}</g, 1],
};

export class Shopper {
  /** @type {Map<string, string>} */
  #cookies = new Map();
  /** Products in the cart, as far as the shopper saw them go in. @type {Set<string>} */
  cart = new Set();
  #origin;

  /** @param {URL} origin */
  constructor(origin) {
    this.#origin = origin;
  }

  /**
   * @param {string} page a key of NEEDED
   * @param {string} path
   * @param {Record<string, string>} [form] sends it by POST
   * @returns {Promise<{ ok: boolean, ms: number, why: string, redirected: boolean }>}
   */
  async load(page, path, form) {
    const started = performance.now();
    let redirected = false;
    const done = (/** @type {string} */ why) => ({ ok: why === "", ms: performance.now() - started, why, redirected });
    try {
      let answer = await this.#send(path, form);
      const location = answer.headers.get("location");
      if (answer.status === 303 && location !== null) {
        redirected = true;
        await answer.body?.cancel();
        answer = await this.#send(location);
      }
      const text = await answer.text();
      if (!answer.ok) {
        return done(`status ${answer.status}`);
      }
      const [pattern, count] = NEEDED[page] ?? [/<main/g, 1];
      const found = text.match(pattern)?.length ?? 0;
      return done(found >= count ? "" : `${found} of ${count} parts`);
    } catch (error) {
      return done(error instanceof Error ? error.name : "error");
    }
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} [form]
   */
  async #send(path, form) {
    const answer = await fetch(new URL(path, this.#origin), {
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return answer;
  }
}
