/** The program: main.js --grpc 127.0.0.1:7400 --rest 127.0.0.1:7401 [--require-key KEY] [--route GLOB=BACKEND] */
import { parseArgs } from "node:util";
import type { Route } from "./bridge/routing.js";
import { start } from "./server.js";

const USAGE_ERROR = 2;

const { values } = parseArgs({
  options: {
    grpc: { type: "string", default: "127.0.0.1:7400" },
    rest: { type: "string", default: "127.0.0.1:7401" },
    "require-key": { type: "string" },
    route: { type: "string", multiple: true, default: [] },
  },
});
const deployment = await start({
  grpc: values.grpc ?? "",
  rest: values.rest ?? "",
  key: values["require-key"],
  routes: (values.route ?? []).map(routeOf),
});
console.log(`ready: gRPC on ${deployment.grpc}, REST and WebSocket on ${deployment.rest}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void deployment.stop().then(() => process.exit(0)));
}

function routeOf(text: string): Route {
  const [pattern, backend] = text.split("=");
  if (pattern && backend) return { pattern, backend };
  console.error(`--route ${text}: write it as GLOB=BACKEND, for example --route 'agent.*=triage'`);
  process.exit(USAGE_ERROR);
}
