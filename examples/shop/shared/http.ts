/** Small helpers around Request and Response. */

/** Answers with JSON. */
export function json(value: unknown, status = 200): Response {
  return Response.json(value, { status });
}

/** Answers that the request was wrong, and how. */
export function refuse(status: number, error: string): Response {
  return json({ error }, status);
}

/** A service that could not answer. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";

  constructor(
    readonly service: string,
    /** What it answered; 0 when it did not. */
    readonly status: number,
  ) {
    super(`${service} ${status === 0 ? "did not answer" : `answered ${status}`}`);
  }
}

/** A service that understood, and said no. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}
