// Renders every Mermaid block of docs/ that has a name, once for light pages and once for dark ones:
//
//   <!-- diagram: NAME -->
//   ```mermaid                 ->  docs/diagrams/NAME.svg and docs/diagrams/NAME-dark.svg
//
// Each SVG carries the SHA-256 of its source, by which DiagramsTest notices that it is stale. With PNG_DIRECTORY set, PNG files
// are written there as well. The browser is Debian's or whatever CHROMIUM names; none is downloaded.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { renderMermaid } from "@mermaid-js/mermaid-cli";
import puppeteer from "puppeteer";

const docs = resolve(import.meta.dirname ?? ".", "../../docs");
const themes = [
  { suffix: "", theme: "default", background: "#ffffff" },
  { suffix: "-dark", theme: "dark", background: "#0d1117" },
];
const blocks = /<!-- diagram: ([a-z0-9-]+) -->\n```mermaid\n([\s\S]*?)```/g;

function browserPath() {
  const known = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const found = known.find((path) => path && existsSync(path));
  if (!found) {
    throw new Error("no Chromium found: install the package chromium, or name a browser with CHROMIUM=/path/to/it");
  }
  return found;
}

function markdownFiles(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? markdownFiles(join(directory, entry.name))
      : entry.name.endsWith(".md") ? [join(directory, entry.name)] : []);
}

async function render(browser, name, source) {
  const digest = createHash("sha256").update(source).digest("hex");
  for (const { suffix, theme, background } of themes) {
    const options = {
      viewport: { width: 1400, height: 900, deviceScaleFactor: 1 },
      backgroundColor: background,
      // Labels as SVG text and not as HTML inside it, which many viewers of SVG do not show.
      mermaidConfig: { theme, htmlLabels: false, flowchart: { htmlLabels: false }, deterministicIds: true, handDrawnSeed: 1 },
      svgId: name + suffix,
    };
    const { data } = await renderMermaid(browser, source, "svg", options);
    const svg = Buffer.from(data).toString("utf8").replace(/(<svg[^>]*>)/, `$1<!-- source sha256:${digest} -->`);
    writeFileSync(join(docs, "diagrams", `${name}${suffix}.svg`), svg.endsWith("\n") ? svg : svg + "\n");
    if (process.env.PNG_DIRECTORY) {
      const { data: png } = await renderMermaid(browser, source, "png", options);
      writeFileSync(join(process.env.PNG_DIRECTORY, `${name}${suffix}.png`), png);
    }
  }
}

const browser = await puppeteer.launch({ executablePath: browserPath(), args: ["--no-sandbox"] });
try {
  mkdirSync(join(docs, "diagrams"), { recursive: true });
  for (const file of markdownFiles(docs).sort()) {
    for (const [, name, source] of readFileSync(file, "utf8").matchAll(blocks)) {
      await render(browser, name, source);
      console.log(`docs/diagrams/${name}.svg`);
    }
  }
} finally {
  await browser.close();
}
