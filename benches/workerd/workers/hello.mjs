// The least a Worker can be: what first requests and memory are measured against.
export default {
  fetch() {
    return new Response("hello from backend");
  },
};
