/** `vpc:NAME/host`: a host in a private network, through a VPC binding. */
import type { Transport } from "../transport.js";
import { hasFetcher, viaFetcher } from "./fetcher.js";

export const vpc: Transport = { aborts: true, reachable: hasFetcher, send: viaFetcher };
