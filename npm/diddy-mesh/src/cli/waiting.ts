/** A sign of life while something takes long. On standard error, and not for programs. */

/** What takes less is over before anybody wonders. */
const SILENT_MS = 1_000;

/** Waits for `work`; beyond a second says so: with the time on a terminal, else once. */
export async function waiting<T>(what: string, quiet: boolean, work: Promise<T>): Promise<T> {
  if (quiet) {
    return work;
  }
  const { stderr } = process;
  const since = performance.now();
  const show = (): void => void stderr.write(stderr.isTTY ? `\r${what} … ${Math.round((performance.now() - since) / 1000)} s` : `${what} …\n`);
  const timer = stderr.isTTY ? setInterval(show, SILENT_MS) : setTimeout(show, SILENT_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (stderr.isTTY && performance.now() - since >= SILENT_MS) {
      stderr.write(`\r${" ".repeat(what.length + 12)}\r`);
    }
  }
}
