// Chromium over its debugging pipe (file descriptors 3 and 4, messages ended by NUL): no library, no port.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), "domicile-browser-"));
  const flags = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank",
  ];
  const child = spawn(process.env.CHROMIUM || "chromium", flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const waiting = new Map();
  const listeners = new Set();
  let last = 0;
  let rest = "";
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.once("error", (error) => {
    for (const { reject } of waiting.values()) reject(error);
  });
  gone.then(() => {
    for (const { reject } of waiting.values()) reject(new Error("chromium ended"));
  });
  child.stdio[4].setEncoding("utf8");
  child.stdio[4].on("data", (chunk) => {
    const parts = (rest + chunk).split("\0");
    rest = parts.pop();
    for (const part of parts) {
      const message = JSON.parse(part);
      const call = waiting.get(message.id);
      if (call) {
        waiting.delete(message.id);
        if (message.error) call.reject(new Error(`${call.method}: ${message.error.message}`));
        else call.resolve(message.result);
      } else {
        for (const listener of listeners) listener(message);
      }
    }
  });
  const send = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject, method });
      child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  return {
    // A page in a context of its own, with everything it says and asks for.
    async page() {
      const { browserContextId } = await send("Target.createBrowserContext");
      const { targetId } = await send("Target.createTarget", { url: "about:blank", browserContextId });
      const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
      const events = [];
      const listener = (message) => {
        if (message.sessionId === sessionId) events.push(message);
      };
      listeners.add(listener);
      const call = (method, params) => send(method, params, sessionId);
      for (const domain of ["Page", "Runtime", "Log", "Network", "Audits"]) await call(`${domain}.enable`);
      return {
        call,
        events,
        evaluate: async (expression) => {
          const { result, exceptionDetails } = await call("Runtime.evaluate", { expression, returnByValue: true });
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
          return result.value;
        },
        async open(url) {
          const loaded = new Promise((resolve, reject) => {
            const late = setTimeout(() => reject(new Error(`${url}: no load event in 30 s`)), 30_000);
            const wait = (message) => {
              if (message.sessionId !== sessionId || message.method !== "Page.loadEventFired") return;
              clearTimeout(late);
              listeners.delete(wait);
              resolve();
            };
            listeners.add(wait);
          });
          const { errorText } = await call("Page.navigate", { url });
          if (errorText) throw new Error(`${url}: ${errorText}`);
          await loaded;
          // Requests and reports that follow the load event.
          await new Promise((resolve) => setTimeout(resolve, 300));
        },
        async close() {
          listeners.delete(listener);
          await send("Target.disposeBrowserContext", { browserContextId });
        },
      };
    },
    async close() {
      await send("Browser.close").catch(() => {});
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
