// Takes whatever telemetry is exported, and says so.
export default {
  async fetch(request) {
    await request.arrayBuffer();
    return Response.json({});
  },
};
