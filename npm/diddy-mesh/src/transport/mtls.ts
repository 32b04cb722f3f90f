/** `mtls:NAME/https://…`: a URL through an `mtls_certificates` binding. */
import type { Transport } from "../transport.js";
import { hasFetcher, viaFetcher } from "./fetcher.js";

export const mtls: Transport = { aborts: true, reachable: hasFetcher, send: viaFetcher };
