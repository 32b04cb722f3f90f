// Meshes of several sizes: ten endpoints for each service, and a rule that leads to it.

/** Numbers of services. */
export const SIZES = [10, 100, 1000];
const ENDPOINTS = 10;

export const sizeOf = (services) => `${services} × ${ENDPOINTS}`;

export const scaledDocument = (services) => {
  const names = Array.from({ length: services }, (_, i) => `service-${i}`);
  const endpoints = (name) => Array.from({ length: ENDPOINTS }, (_, i) => ({ address: `https://${name}-${i}.example.com`, version: `1.${i}.0`, region: "weur" }));
  return {
    services: Object.fromEntries(names.map((name) => [name, { endpoints: endpoints(name), timeout: 2000, retries: 2 }])),
    routing: { rules: names.map((name) => ({ path: `/api/${name}/{id}/*`, service: name })) },
  };
};

/** A request to each of a hundred services, evenly over all of them, or to each where there are less. */
export const scaledRequests = (services) => {
  const step = Math.max(1, services / 100);
  return Array.from({ length: Math.min(services, 100) }, (_, i) => ({ method: "GET", url: `https://mesh.test/api/service-${Math.floor(i * step)}/583231/items` }));
};
