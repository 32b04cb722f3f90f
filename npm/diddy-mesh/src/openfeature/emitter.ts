/** Events of a provider. The SDK's own emitter needs `node:events`, which a Worker has with a compatibility flag only. */
import type { AnyProviderEvent, EventContext, EventDetails, EventHandler, Logger, ProviderEventEmitter } from "@openfeature/core";

/** Calls its handlers in the order in which they came; what one throws or promises is told to the logger, and keeps no other from hearing. */
export class Emitter implements ProviderEventEmitter<AnyProviderEvent> {
  readonly #handlers = new Map<AnyProviderEvent, EventHandler[]>();
  #logger: Logger | undefined;

  emit(eventType: AnyProviderEvent, context?: EventContext): void {
    for (const handler of this.getHandlers(eventType)) {
      this.#call(handler, context).catch((error: unknown) => this.#logger?.error("Error running event handler:", error));
    }
  }

  addHandler(eventType: AnyProviderEvent, handler: EventHandler): void {
    this.#handlers.set(eventType, [...this.getHandlers(eventType), handler]);
  }

  removeHandler(eventType: AnyProviderEvent, handler: EventHandler): void {
    this.#handlers.set(eventType, this.getHandlers(eventType).filter((one) => one !== handler));
  }

  removeAllHandlers(eventType?: AnyProviderEvent): void {
    if (eventType === undefined) {
      this.#handlers.clear();
    } else {
      this.#handlers.delete(eventType);
    }
  }

  getHandlers(eventType: AnyProviderEvent): EventHandler[] {
    return [...(this.#handlers.get(eventType) ?? [])];
  }

  setLogger(logger: Logger): this {
    this.#logger = logger;
    return this;
  }

  async #call(handler: EventHandler, context: EventContext | undefined): Promise<void> {
    await handler(context as EventDetails);
  }
}
