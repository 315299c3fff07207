/** One deployment: its rooms and its doors. */
import { fileURLToPath } from "node:url";
import type { Route } from "./bridge/routing.js";
import { Front } from "./doors/front.js";
import { openGrpc } from "./doors/grpc.js";
import { openRest } from "./doors/rest.js";
import { openWebsockets } from "./doors/websocket.js";
import { Surface } from "./surface.js";

/** From dist/src, where this file runs. */
const OPENAPI = fileURLToPath(new URL("../../../../contracts/openapi/openapi.json", import.meta.url));
const DRAIN_S_MAX = 2;

export interface Settings {
  /** Where each door listens, HOST:PORT; port 0 takes a free one. */
  readonly grpc: string;
  readonly rest: string;
  /** A key that callers must send; without it nobody needs one. */
  readonly key: string | undefined;
  readonly routes: readonly Route[];
}

export interface Deployment {
  readonly grpc: string;
  readonly rest: string;
  /** Refuses what is new, finishes what it has for a short while, and closes the doors. */
  stop(): Promise<void>;
}

/** Opens all doors. */
export async function start(settings: Settings): Promise<Deployment> {
  const surface = new Surface(settings);
  const front = new Front(surface);
  const grpc = await openGrpc(front, settings.grpc);
  const rest = await openRest(front, settings.rest, OPENAPI);
  const sockets = openWebsockets(front, rest.server);
  const stop = async (): Promise<void> => {
    await surface.bridge.drain(DRAIN_S_MAX);
    grpc.server.forceShutdown();
    for (const socket of sockets.clients) socket.terminate();
    rest.server.closeAllConnections();
    await new Promise<void>((resolve) => rest.server.close(() => resolve()));
  };
  return { grpc: grpc.address, rest: rest.url, stop };
}
