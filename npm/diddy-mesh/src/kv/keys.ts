/** The keys that a mesh has in a KV namespace where no registry object is, and what KV keeps with one. */
import { registrationsPrefix } from "../protocol.js";

/** Bytes of metadata that KV keeps with a key. */
export const METADATA_BYTES_MAX = 1_024;
/** The shortest time that a registration is kept, in seconds: under it a key could end between two registrations that KV is slow to show. */
export const TTL_S_MIN = 180;

export const prefixOf = (mesh: string): string => `mesh/v1/${mesh}/`;
export const configKey = (mesh: string, version: number): string => `${prefixOf(mesh)}config/${String(version).padStart(10, "0")}`;
export const registrationKey = (mesh: string, service: string, id: string): string => `${registrationsPrefix(mesh)}${service}/${id}`;
export const stageKey = (mesh: string): string => `${prefixOf(mesh)}stage`;

const encoder = new TextEncoder();

/** Bytes of metadata as KV counts them. */
export const bytesOf = (metadata: object): number => encoder.encode(JSON.stringify(metadata)).length;
