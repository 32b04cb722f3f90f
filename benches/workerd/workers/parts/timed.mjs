/** An answer within `ms`, else an error: one timer, as every gateway with a timeout needs. */
export function timed(ms, answering) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("too late")), ms);
    answering.then((answer) => {
      clearTimeout(timer);
      resolve(answer);
    }, reject);
  });
}
