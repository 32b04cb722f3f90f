// The bare proxy: the one line that every gateway is compared with.
export default {
  fetch(request, env) {
    return env.SVC_A.fetch(request);
  },
};
