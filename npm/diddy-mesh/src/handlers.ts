/**
 * Handler maps as the engine sees them. A table is registered once per set of keys;
 * a literal made anew for each request is recognised by its keys, and is not kept: its closures belong to that request.
 */
import { MeshError } from "./errors.js";
import type { Brain } from "./engine.js";
import type { Slot } from "./slot.js";
import type { Handler, HandlerMap } from "./types.js";

/** More sets of keys than this in one isolate means that keys are made from data. */
const TABLES_MAX = 64;

/** One registered set of keys. */
export interface HandlerTable {
  /** The engine's number. */
  readonly id: number;
  readonly keys: readonly string[];
  /** The methods of each key, empty where the value is a handler itself. */
  readonly methods: readonly string[];
  /** Per engine index: the key, the method, and the names of the parameters. */
  readonly lines: readonly Line[];
}

interface Line {
  readonly key: string;
  readonly method: string;
  readonly params: readonly string[];
}

/** The table of a map, registered if it is new. */
export function tableOf(slot: Slot, brain: Brain, map: HandlerMap): HandlerTable {
  const known = slot.tablesByMap.get(map);
  if (known !== undefined && sameKeys(known, map)) {
    return known;
  }
  return slot.tables.find((table) => sameKeys(table, map)) ?? register(slot, brain, map);
}

/** The handler behind an index of the engine. */
export function handlerAt(map: HandlerMap, line: Line): Handler {
  const value = map[line.key] as Handler | Record<string, Handler>;
  return typeof value === "function" ? value : (value[line.method] as Handler);
}

function sameKeys({ keys, methods }: HandlerTable, map: HandlerMap): boolean {
  let at = 0;
  for (const key in map) {
    if (key !== keys[at] || methodsOf(map, key) !== methods[at]) {
      return false;
    }
    at += 1;
  }
  return at === keys.length;
}

function methodsOf(map: HandlerMap, key: string): string {
  const value = map[key];
  return typeof value === "object" ? Object.keys(value).join() : "";
}

function register(slot: Slot, brain: Brain, map: HandlerMap): HandlerTable {
  if (slot.tables.length >= TABLES_MAX) {
    throw new MeshError("invalid_handlers", `more than ${TABLES_MAX} sets of handler patterns: use {name} segments, not patterns made from data`);
  }
  const keys = Object.keys(map);
  const methods = keys.map((key) => methodsOf(map, key));
  const lines = keys.flatMap((key, i): Line[] => {
    const params = Array.from(key.matchAll(/\{([^{}]+)\}|\/(\*)$/g), (found) => found[1] ?? "*");
    return (methods[i] as string).split(",").map((method) => ({ key, method, params }));
  });
  const text = lines.map(({ key, method }) => (method === "" ? key : `${method.toUpperCase()} ${key}`)).join("\n");
  const id = brain.open(3 * text.length) ? brain.raw.engine_handlers(brain.put(text)) : -1;
  // An empty map is no table, which is -1 too.
  if (id < 0 && keys.length > 0) {
    const line = lines[-1 - id];
    throw new MeshError("invalid_handlers", `the handler pattern ${JSON.stringify(line?.key)} is not valid: ${brain.text()}`);
  }
  const table = { id, keys, methods, lines };
  slot.tables.push(table);
  slot.tablesByMap.set(map, table);
  return table;
}
