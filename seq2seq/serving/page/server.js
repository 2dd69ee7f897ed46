/** Asks the server that this page came from, by TensorFlow Serving's REST interface. */

const ATTEMPTS = 5; // at one request, while the server is busy
const LONGEST_WAIT = 30; // seconds before another attempt, whatever the server says
const UNREACHED = 0; // stands for the status where no answer came

/** Is an answer that is not what was asked for; its message is for people. */
export class ServerError extends Error {
  constructor(status, told = "") {
    super(advice(status, told));
    this.status = status;
  }

  get busy() {
    return this.status === 429 || this.status === 503;
  }
}

function advice(status, told) {
  const said = told && ` The server says: ${told}`;
  switch (status) {
    case UNREACHED:
      return "The server does not answer. See whether it still runs, then try again.";
    case 404:
      return `The model is not served any more. Load this page again.${said}`;
    case 413:
      return `The text is too long for one request. Read it by sentence, or shorten it.${said}`;
    case 429:
    case 503:
      return `The server is busy. Try again in a moment.${said}`;
    case 504:
      return `The server did not answer in time. Try a shorter text, or try again.${said}`;
    default:
      return `The server could not answer (${status}).${said}`;
  }
}

/** Is the model that is served. */
export class Model {
  /** about: what page/model.json says; onBusy(seconds) is told of each wait, and of 0 at its end. */
  constructor(about, onBusy) {
    this.about = about;
    this.onBusy = onBusy;
  }

  static async open(onBusy) {
    return new Model(await (await answered("page/model.json", {})).json(), onBusy);
  }

  has(signature) {
    return this.about.signatures.includes(signature);
  }

  /** What serving.json says of a signature, or {} where the export has none. */
  described(signature) {
    return this.about.serving?.signatures?.[signature] ?? {};
  }

  /** {"text": [B]} -> the signature's outputs, each [B, ...]. */
  async predict(signature, inputs, signal) {
    const asked = { signature_name: signature, inputs };
    return (await (await this.#ask("predict", asked, signal)).json()).outputs;
  }

  /** Yields the parts of a text's target, each when it is found. */
  async *stream(text, signal) {
    const reply = await this.#ask("stream", { text }, signal);
    for await (const line of lines(reply.body)) {
      const told = JSON.parse(line);
      if (told.error !== undefined) throw new ServerError(reply.status, told.error);
      if (told.done) return;
      yield told.part;
    }
    throw new ServerError(UNREACHED);
  }

  async #ask(verb, body, signal) {
    const path = `v1/models/${encodeURIComponent(this.about.name)}:${verb}`;
    const request = { method: "POST", body: JSON.stringify(body), signal };
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await answered(path, request);
        if (attempt > 1) this.onBusy(0);
        return reply;
      } catch (error) {
        if (!error.busy || attempt === ATTEMPTS) throw error;
        this.onBusy(error.wait);
        await pause(error.wait, signal);
      }
    }
  }
}

async function answered(path, request) {
  const reply = await reached(fetch(path, request));
  if (reply.ok) return reply;
  const body = await reached(reply.text());
  const error = new ServerError(reply.status, saidIn(body));
  const wait = Number.parseFloat(reply.headers.get("retry-after") ?? "1");
  error.wait = Math.min(Number.isFinite(wait) ? wait : 1, LONGEST_WAIT);
  throw error;
}

/** {"error": "why"} -> "why"; nothing of a page that something in between wrote. */
function saidIn(body) {
  try {
    return String(JSON.parse(body).error ?? "");
  } catch {
    return "";
  }
}

/** A connection that fails is a TypeError to the browser, and a server that is gone to people. */
async function reached(promise) {
  try {
    return await promise;
  } catch (error) {
    throw error instanceof TypeError ? new ServerError(UNREACHED) : error;
  }
}

/** Splits bytes, as they come, into lines. */
async function* lines(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { value, done } = await reached(reader.read());
    rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
    const whole = rest.split("\n");
    rest = done ? "" : whole.pop();
    yield* whole.filter(Boolean);
    if (done) return;
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
