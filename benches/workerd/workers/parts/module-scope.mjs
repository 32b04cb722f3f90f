// workerd 1.20260426.1 refuses `new AbortController()` at module scope, and cockatiel makes two there: a signal that never
// aborts and one that has. Imported before it, this stands in while it is evaluated; requests have the real one.
const { AbortController } = globalThis;

globalThis.AbortController = class {
  signal = Object.assign(new EventTarget(), { aborted: false });
  abort() {
    this.signal.aborted = true;
  }
};

/** Ends the stand-in; to be called once cockatiel was imported. */
export const restore = () => {
  globalThis.AbortController = AbortController;
};
