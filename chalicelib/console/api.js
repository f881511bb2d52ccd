// The API, spoken from a browser: one call, one kind of failure, one place that knows the addresses.

// Relative to this file, so that any host, port and stage prefix in front of /console is right.
const ROOT = new URL("../", import.meta.url);
const TOKEN = "bhuprahari.token";

/** A failure with a sentence for the person who asked; status 0 where nothing answered. */
export class Refused extends Error {
  constructor(status, message, faults = []) {
    super(message);
    this.status = status;
    this.faults = faults;
  }
}

export const isSignedIn = () => sessionStorage.getItem(TOKEN) !== null;
export const forget = () => sessionStorage.removeItem(TOKEN);

/** Give the address of a stored picture: what follows `captured_images/`, behind `static_images/`. */
export function imageUrl(path) {
  const [, key] = path.split("captured_images/");
  return new URL(`static_images/${key}`, ROOT).href;
}

/** Give the part of an image path that names the picture, without its signature. */
export const imageKey = (path) => path.split("captured_images/")[1].split("?")[0];

export const get = async (path, signal) => (await call("GET", path, undefined, signal)).body;
export const post = async (path, body, signal) => (await call("POST", path, body, signal)).body;
export const patch = async (path, body) => (await call("PATCH", path, body)).body;
export const remove = async (path) => (await call("DELETE", path)).body;

/** Give one page of a list, and the query of the next one, or null. */
export async function getPage(path, query, signal) {
  const { body, headers } = await call("GET", `${path}?${query}`, undefined, signal);
  const next = /<[a-z]*\?([^>]*)>;\s*rel="next"/.exec(headers.get("Link") ?? "");
  return { items: body, next: next ? next[1] : null };
}

export async function signIn(email, password) {
  const answer = await post("auth/login", { email, password });
  sessionStorage.setItem(TOKEN, answer.access_token);
}

async function call(method, path, body, signal) {
  const headers = { Accept: "application/json" };
  const token = sessionStorage.getItem(TOKEN);
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    answer = await fetch(new URL(`api/${path}`, ROOT), { method, headers, body: sent, signal, credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server cannot be reached. What is shown here may be out of date.");
  }
  const given = await read(answer);
  if (answer.ok) return { body: given, headers: answer.headers };
  if (answer.status === 401 && token !== null) {
    forget();
    window.dispatchEvent(new CustomEvent("signed-out"));
  }
  const sentence = given?.message ?? `The server answered with an error (${answer.status}).`;
  throw new Refused(answer.status, asSentence(sentence), given?.errors ?? []);
}

async function read(answer) {
  const text = await answer.text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    if (!answer.ok) return null; // a proxy's page: the status says enough
    throw new Refused(answer.status, "The server's answer cannot be read.");
  }
}

function asSentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
