// Builds the one ES module and the one style sheet that the wheel ships: `npm ci && npm run build`.
import { build } from "esbuild";

const shared = { bundle: true, minify: true, legalComments: "inline", target: ["es2022"], logLevel: "info" };

await build({
  ...shared,
  entryPoints: ["panel.jsx"],
  outfile: "../static/panel.js",
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  banner: { js: "/*! fpcache's dashboard; holds preact (MIT licence, Jason Miller). Built from panel/frontend. */" },
});

await build({ ...shared, entryPoints: ["panel.css"], outfile: "../static/panel.css" });
