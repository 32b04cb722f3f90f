// The token check by jose: HS256, issuer and audience. The key is the benches' own and guards nothing.
import { jwtVerify } from "jose";

const key = new TextEncoder().encode("0123456789abcdef0123456789abcdef");
const expected = { issuer: "https://issuer.example", audience: "mesh" };

export async function guard(c, next) {
  const header = c.req.header("authorization");
  if (!header?.startsWith("Bearer ")) return c.text("no token", 401);
  try {
    const { payload } = await jwtVerify(header.slice(7), key, expected);
    c.set("jwt", payload);
  } catch {
    return c.text("bad token", 401);
  }
  return next();
}
