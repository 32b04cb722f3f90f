/** `binding:NAME[#Entrypoint]`: a service binding. The entrypoint is fixed where the binding is declared; here it only documents. */
import type { Transport } from "../transport.js";
import { hasFetcher, viaFetcher } from "./fetcher.js";

export const binding: Transport = { aborts: false, reachable: hasFetcher, send: viaFetcher };
