// What stands behind every gateway: a short fixed answer.
export default {
  fetch() {
    return new Response("hello from backend");
  },
};
