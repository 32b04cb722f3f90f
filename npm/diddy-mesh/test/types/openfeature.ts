// Type-checked against OpenFeature's own SDK, which needs the types of Node.
import { OpenFeature, type Provider } from "@openfeature/server-sdk";
import { DiddyMesh } from "diddy-mesh";
import { contextOf, MeshProvider } from "diddy-mesh/openfeature";

const provider: Provider = new MeshProvider(new DiddyMesh({ serviceName: "a" }));
OpenFeature.setProvider(provider);
export const value: Promise<boolean> = OpenFeature.getClient().getBooleanValue("a", false, contextOf(new Request("https://a.test"), { targetingKey: "alice" }));
