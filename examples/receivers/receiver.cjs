// A receiver of webhooks, with the published library: npm install standardwebhooks
//
//     FEEDLOOM_KEY=whsec_... node receiver.cjs 9000
//
// Prints a line for each event.

const http = require("node:http");
const { Webhook } = require("standardwebhooks");

const hook = new Webhook(process.env.FEEDLOOM_KEY);
const LONGEST = 4 << 20;

// Ids of messages that were taken: one may come again. Whoever is restarted keeps them on disk.
const seen = new Set();

function take(event) {
  console.log(event.type, event.data.title ?? event.data.id);
}

http
  .createServer((request, response) => {
    const parts = [];
    let length = 0;
    request.on("data", (part) => {
      length += part.length;
      if (length > LONGEST) request.destroy();
      else parts.push(part);
    });
    request.on("end", () => {
      let message;
      try {
        message = hook.verify(Buffer.concat(parts).toString("utf8"), request.headers);
      } catch {
        return response.writeHead(401).end();
      }
      const id = request.headers["webhook-id"];
      if (!seen.has(id)) {
        const events = message.type === "batch" ? message.data.events : [message];
        events.forEach(take);
        seen.add(id);
      }
      response.writeHead(204).end();
    });
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
