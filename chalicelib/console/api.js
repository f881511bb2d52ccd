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

/** Give the part of an image path that names the picture, without its signature; nothing of one that was dropped. */
export const imageKey = (path) => (path.split("captured_images/")[1] ?? "").split("?")[0];

export const get = async (path, signal) => (await call("GET", path, undefined, signal)).body;
export const post = async (path, body, signal) => (await call("POST", path, body, signal)).body;
/** Change a thing; of one with versions, if it still has the one that was shown. */
export const patch = async (path, body, version = null) => (await call("PATCH", path, body, undefined, version === null ? {} : { "If-Match": `"${version}"` })).body;
export const put = async (path, body) => (await call("PUT", path, body)).body;
export const remove = async (path) => (await call("DELETE", path)).body;

/** Give one page of a list, the query of the next one, or null, and how long the whole list is, or null. */
export async function getPage(path, query, signal) {
  const { body, headers } = await call("GET", `${path}?${query}`, undefined, signal);
  const next = /<[a-z]*\?([^>]*)>;\s*rel="next"/.exec(headers.get("Link") ?? "");
  const total = headers.get("X-Total-Count");
  return { items: body, next: next ? next[1] : null, total: total === null ? null : Number(total) };
}

export async function signIn(email, password) {
  keepToken(await post("auth/login", { email, password }));
}

/** Speak from now on as who was just signed in. */
export function keepToken(answer) {
  sessionStorage.setItem(TOKEN, answer.access_token);
}

async function call(method, path, body, signal, more = {}) {
  const answer = await send(method, path, body, signal, more);
  return { body: await read(answer), headers: answer.headers };
}

async function send(method, path, body, signal, more) {
  const headers = { Accept: "application/json", ...more };
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
  if (answer.ok) return answer;
  const given = await read(answer);
  if (answer.status === 401 && token !== null) {
    forget();
    window.dispatchEvent(new CustomEvent("signed-out"));
  }
  const sentence = given?.message ?? `The server answered with an error (${answer.status}).`;
  throw new Refused(answer.status, asSentence(sentence), given?.errors ?? []);
}

/** Give the address of what an answer says to load by a link of its own. */
export const linked = (path) => new URL(`.${path}`, ROOT).href;

/** Load a file of the API's as the type that is said; give its bytes and what it is called. */
export async function getFile(path, type) {
  const answer = await send("GET", path, undefined, undefined, { Accept: type });
  const [, name] = /filename="([^"]*)"/.exec(answer.headers.get("Content-Disposition") ?? "") ?? [null, "file"];
  return { content: await answer.blob(), name };
}

/** Send a file where an answer said, and tell how far it has come. */
export function sendFile(upload, file, progress, signal) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest(); // fetch does not tell how much was sent
    const isOurs = upload.url.startsWith("/");
    sending.open(upload.method, isOurs ? new URL(`.${upload.url}`, ROOT) : upload.url);
    for (const [name, value] of Object.entries(upload.headers)) sending.setRequestHeader(name, value);
    if (isOurs) sending.setRequestHeader("Authorization", `Bearer ${sessionStorage.getItem(TOKEN)}`);
    sending.upload.onprogress = (event) => progress(event.loaded / event.total);
    sending.onload = () => (sending.status < 300 ? resolve() : reject(notTaken(sending)));
    sending.onerror = () => reject(new Refused(0, "The file could not be sent. Is the connection there?"));
    signal.addEventListener("abort", () => sending.abort());
    sending.send(file);
  });
}

function notTaken({ status, responseText }) {
  try {
    return new Refused(status, asSentence(JSON.parse(responseText).message));
  } catch {
    return new Refused(status, `The file was not taken (${status}).`);
  }
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
