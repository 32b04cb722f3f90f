/** Tokens of the admin API: which of them a request carries, told in the same time whatever it carries. */
import { sha256, utf8 } from "../discovery/encoding.js";
import { bindingOf } from "../env.js";
import { MeshError } from "../errors.js";

/** A shorter one could be guessed. */
const TOKEN_CHARS_MIN = 16;

/** Tokens by what they allow. */
export interface Tokens {
  /** Everything. */
  readonly admin?: string | undefined;
  /** To register, to renew, to deregister and to look. */
  readonly register?: string | undefined;
}

/** The tokens that are given, or those of `env`; undefined where there are none. */
export function tokensOf(env: object, given: Tokens | undefined): Tokens | undefined {
  const secret = (name: string): string | undefined => {
    const value = bindingOf(env, name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const tokens = given ?? { admin: secret("MESH_ADMIN_TOKEN"), register: secret("MESH_REGISTER_TOKEN") };
  const short = Object.entries(tokens).find(([, token]) => token !== undefined && (token as string).length < TOKEN_CHARS_MIN);
  if (short !== undefined) {
    throw new MeshError("invalid_options", `the ${short[0]} token has less than ${TOKEN_CHARS_MIN} characters`);
  }
  return tokens.admin === undefined && tokens.register === undefined ? undefined : tokens;
}

/** Which token the request carries; undefined where it is none of them. */
export async function carried(request: Request, tokens: Tokens): Promise<keyof Tokens | undefined> {
  const said = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const hash = await sha256(utf8(said));
  let found: keyof Tokens | undefined;
  for (const name of ["register", "admin"] as const) {
    const token = tokens[name];
    // Each is compared, whole: hashes of the same length say nothing of what they are of.
    if (token !== undefined && same(hash, await sha256(utf8(token)))) {
      found = name;
    }
  }
  return found;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  let different = 0;
  one.forEach((byte, i) => {
    different |= byte ^ (other[i] as number);
  });
  return different === 0;
}
