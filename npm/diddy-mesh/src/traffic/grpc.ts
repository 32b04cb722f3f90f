/** `grpc-timeout`: how long a gRPC caller waits, as digits and a unit. */

/** Milliseconds of each unit. */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** The time in ms, at least 1; 0 where the request has none, or no good one. */
export function grpcTimeout(headers: Headers): number {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(headers.get("grpc-timeout") ?? "") ?? [];
  return digits === undefined || unit === undefined ? 0 : Math.max(1, Math.floor(Number(digits) * (UNITS[unit] as number)));
}
