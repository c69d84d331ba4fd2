// Lints a document with Redocly's rules: the library alone, without the command line's server,
// page builder and telemetry. Writes the problems as JSON; exit status 1 when there are any.
//
//   node redocly.js CONFIGURATION DOCUMENT     with NODE_PATH at the packages
"use strict";

const { lint, loadConfig } = require("@redocly/openapi-core");

async function main(configPath, ref) {
  const problems = await lint({ ref, config: await loadConfig({ configPath }) });
  const shown = problems.map(({ ruleId, severity, message, location }) =>
    ({ ruleId, severity, message, at: location.map((each) => each.pointer) }));
  console.log(JSON.stringify(shown, null, 1));
  process.exitCode = problems.length > 0 ? 1 : 0;
}

main(process.argv[2], process.argv[3]);
