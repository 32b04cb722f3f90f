// How a case repeats itself. workerd does not replace a long loop while it runs, so the work sits in a small function
// called many times, as a request handler is. Each case returns a checksum, so that nothing is optimised away.

/** Iterations per call of the inner function; the driver asks for multiples of it. */
export const CHUNK = 64;

/** Repeats a synchronous step. */
export function sync(step) {
  const chunk = () => {
    let sum = 0;
    for (let i = 0; i < CHUNK; i++) sum += step();
    return sum;
  };
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += CHUNK) sum += chunk();
    return sum;
  };
}

/** Repeats an asynchronous step, one after the other. */
export function awaited(step) {
  const chunk = async () => {
    let sum = 0;
    for (let i = 0; i < CHUNK; i++) sum += await step();
    return sum;
  };
  return async (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += CHUNK) sum += await chunk();
    return sum;
  };
}

/** Gives 0, 1, … length - 1, 0, …, without a division. */
export function roundRobin(length) {
  let at = -1;
  return () => {
    at += 1;
    if (at === length) at = 0;
    return at;
  };
}
