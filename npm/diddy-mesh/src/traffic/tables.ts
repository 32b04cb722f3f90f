/** Checks the parts of the tables that only some Snapshots have. */
import { isColumn, isEdits, isNamed, isText, isValue, type Check, type CrossOrigin, type FlagRow, type Predicate, type Tables } from "../tables.js";

const isCors: Check = (value) => isEdits((value as CrossOrigin).preflight) && isEdits((value as CrossOrigin).actual);
const isCookie: Check = (value) => isNamed(value, "nv");
/** The name of one given in code is no header's. */
const isPredicate: Check = (value) => isNamed(value, "!nv") || (isColumn(value, isText, "!nv") && (value as Predicate)[0] === "!");
/** The value of a variant may be anything. */
const isFlag: Check = (value) => isText((value as FlagRow)[0]) && (value as FlagRow)[1].every(([name]) => isText(name));
/** A list, or a map by number; or absent. */
const isMap = (value: object | undefined, cell: Check): boolean => value === undefined || (typeof value === "object" && Object.values(value).every(cell));

/** Whether they have the shape that they should. */
export function isTraffic({ balancers, cookies, cors, flags, limits, predicates, shared, tiers }: Tables): boolean {
  return isMap(balancers, isText) && isMap(cors, isCors) && isColumn(flags ?? [], isFlag) && isMap(limits, isValue) && isMap(tiers, isText) && isColumn(shared ?? [], Number.isInteger) && isMap(cookies, isCookie) && isMap(predicates, (value) => isColumn(value, isPredicate));
}
