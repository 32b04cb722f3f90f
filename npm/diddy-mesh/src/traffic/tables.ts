/** Checks the parts of the tables that only some Snapshots have. */
import { isColumn, isEdits, isText, type Check, type CrossOrigin, type Tables } from "../tables.js";

const isCors: Check = (value) => isEdits((value as CrossOrigin).preflight) && isEdits((value as CrossOrigin).actual);
const isPair: Check = (value) => isColumn(value, isText, "nv");
const isTriple: Check = (value) => isColumn(value, isText, "!nv");
/** A list, or a map by number; or absent. */
const isMap = (value: object | undefined, cell: Check): boolean => value === undefined || (typeof value === "object" && Object.values(value).every(cell));

/** Whether they have the shape that they should. */
export function isTraffic({ cookies, cors, limits, predicates }: Tables): boolean {
  return isMap(cors, isCors) && isMap(limits, isText) && isMap(cookies, isPair) && isMap(predicates, (value) => isColumn(value, isTriple));
}
