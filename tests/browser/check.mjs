// Opens reports in a browser. Fails on any console message, policy violation or request, on text that does
// not stand out from its ground, and on a page wider than a small screen. Prints it too.
// usage: node check.mjs [--shots DIR] REPORT.html...
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "./chromium.mjs";

const args = process.argv.slice(2);
const shots = args[0] === "--shots" ? args.splice(0, 2)[1] : undefined;
if (args.length === 0) {
  console.error("usage: node check.mjs [--shots DIR] REPORT.html...");
  process.exit(2);
}
if (shots) mkdirSync(shots, { recursive: true });

// What a page said and asked for, apart from itself.
function complaints(page, url) {
  const found = [];
  for (const { method, params } of page.events) {
    if (method === "Runtime.consoleAPICalled") found.push(`console: ${params.type}`);
    if (method === "Runtime.exceptionThrown") found.push(`exception: ${params.exceptionDetails.text}`);
    if (method === "Log.entryAdded") found.push(`log: ${params.entry.text}`);
    if (method === "Audits.issueAdded") found.push(`issue: ${params.issue.code}`);
    if (method === "Network.requestWillBeSent" && params.request.url !== url) found.push(`request: ${params.request.url}`);
    if (method === "Page.javascriptDialogOpening") found.push(`dialog: ${params.message}`);
  }
  return found;
}

// Runs in the page: texts whose contrast is below 4.5:1 (3:1 from 24 px, or 18.66 px and bold).
function faint() {
  const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    const style = getComputedStyle(element);
    if (!walk.currentNode.data.trim() || element.closest("script,style,svg") || style.display === "none") continue;
    if (element.getClientRects().length === 0) continue;
    const [a, b] = [light(parse(style.color)), light(ground(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < needed) found.add(`${element.tagName.toLowerCase()}.${element.className} ${ratio.toFixed(2)}:1`);
  }
  return [...found];
}

async function shoot(shots, page, name, width, height, whole) {
  if (!shots) return;
  const { cssContentSize } = await page.call("Page.getLayoutMetrics");
  const clip = { x: 0, y: 0, width, height: whole ? Math.min(cssContentSize.height, 16_000) : height, scale: 1 };
  const { data } = await page.call("Page.captureScreenshot", { format: "png", captureBeyondViewport: true, clip });
  writeFileSync(join(shots, `${name}.png`), Buffer.from(data, "base64"));
}

async function check(browser, file, shots) {
  const url = pathToFileURL(resolve(file)).href;
  const name = basename(file, ".html");
  const page = await browser.page();
  const failures = [];
  const size = (width, height) =>
    page.call("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
  try {
    await size(1280, 900);
    await page.open(url);
    for (const scheme of ["light", "dark"]) {
      await page.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
      for (const text of await page.evaluate(`(${faint})()`)) failures.push(`${scheme}: contrast: ${text}`);
      await shoot(shots, page, `${name}-${scheme}`, 1280, 900, true);
    }
    await page.call("Emulation.setEmulatedMedia", { features: [] });
    await size(320, 800);
    const wide = await page.evaluate("document.documentElement.scrollWidth");
    if (wide > 320) failures.push(`at 320 px the page is ${wide} px wide`);
    await shoot(shots, page, `${name}-320`, 320, 800, true);
    await size(1280, 900);
    const { data } = await page.call("Page.printToPDF", { printBackground: true, preferCSSPageSize: true });
    const pdf = Buffer.from(data, "base64");
    if (shots) writeFileSync(join(shots, `${name}.pdf`), pdf);
    const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;
    if (pages === 0) failures.push("prints no page");
    const title = await page.evaluate("document.title");
    if (!/: .+, \d{4}-\d{2}-\d{2}$/.test(title)) failures.push(`title does not give subject, conclusion and day: ${title}`);
    failures.push(...complaints(page, url));
    return { failures, pages };
  } finally {
    await page.close();
  }
}

// The check must be able to fail: a page that does what no report may is held against it first.
async function calibrate(browser) {
  const folder = mkdtempSync(join(tmpdir(), "domicile-bad-page-"));
  const file = join(folder, "bad.html");
  writeFileSync(
    file,
    `<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>bad</title><style>p{color:#bbb;width:900px}</style><p>faint</p><img src="x.png"><script>console.log(1)</script></html>`,
  );
  try {
    const text = (await check(browser, file)).failures.join("\n");
    for (const needed of ["contrast", "px wide", "log:", "title"]) {
      if (!text.includes(needed)) throw new Error(`a bad page passes: no complaint about ${needed}\n${text}`);
    }
    const plain = readFileSync(file, "utf8").replace(/<meta http[^>]*>/, "");
    writeFileSync(file, plain);
    const open = (await check(browser, file)).failures.join("\n");
    for (const needed of ["console: log", "request:"]) {
      if (!open.includes(needed)) throw new Error(`a bad page passes: no complaint about ${needed}\n${open}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const browser = await launch();
let failed = false;
try {
  await calibrate(browser);
  for (const file of args) {
    const { failures, pages } = await check(browser, file, shots);
    failed ||= failures.length > 0;
    console.log(`${failures.length ? "FAIL" : "ok"} ${basename(file)}: ${pages} printed pages`);
    for (const failure of failures) console.log(`  ${failure}`);
  }
} finally {
  await browser.close();
}
process.exitCode = failed ? 1 : 0;
