// Prism before as many machines as a run of tests has: the document is read, and each schema
// compiled, once. Prism's own command line reads it again for every address it stands before.
//
//   node prism.js DOCUMENT     with NODE_PATH at the packages
//
// Writes "ready HOST:PORT", and answers there: GET /ADDRESS gives the address of a proxy before
// ADDRESS. Ends with its standard input, so that it never outlives who started it.
"use strict";

const http = require("node:http");
const { createLogger } = require("@stoplight/prism-core");
const { getHttpOperationsFromSpec } = require("@stoplight/prism-http");
const { createServer } = require("@stoplight/prism-http-server");

const HOST = "127.0.0.1";
const ANY_PORT = 0;

function startProxy(operations, address) {
  const server = createServer(operations, {
    components: { logger: createLogger("prism", { level: "silent" }) },
    config: {
      isProxy: true,
      upstream: new URL(`http://${address}`),
      checkSecurity: true,
      validateRequest: true,
      validateResponse: true,
      errors: false, // a wrong request must reach the machine: what is wrong stands in a header
      mock: { dynamic: false },
    },
  });
  return server.listen(ANY_PORT, HOST).then((url) => new URL(url).host);
}

async function main(document) {
  const operations = await getHttpOperationsFromSpec(document);
  const proxies = new Map(); // by the address they stand before
  const switchboard = http.createServer(async (request, response) => {
    const address = request.url.slice(1);
    try {
      if (!proxies.has(address)) proxies.set(address, startProxy(operations, address));
      response.end(await proxies.get(address));
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });
  switchboard.listen(ANY_PORT, HOST, () =>
    console.log(`ready ${HOST}:${switchboard.address().port}`));
  process.stdin.resume().on("end", () => process.exit(0));
}

main(process.argv[2]);
