// Somebody's own account: where it is signed in, and its password.

import { get, keepToken, post, remove } from "./api.js";
import { button, cell, confirmed, el, failure, head, tell } from "./dom.js";
import { moment } from "./format.js";
import { PASSWORD_RULE, shape } from "./words.js";

const SYSTEMS = ["Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux"]; // Android says Linux too

/** Make the page of the account. */
export async function accountPage(signal) {
  const [user, signIns] = await Promise.all([get("auth/me", signal), get("auth/sign-ins", signal)]);
  const places = el("section", { class: "account-part" });
  places.append(...signedIn(signIns));
  const again = async () => places.replaceChildren(...signedIn(await get("auth/sign-ins", signal)));
  return el(
    "div",
    { class: "account" },
    head("Account", `You are ${user.email}.`),
    places,
    el("section", { class: "account-part" }, el("h2", {}, "Change your password"), passwordForm(user, again)),
    el("p", { class: "small" }, "To have your account deleted, with your areas and all that was seen there, ask who runs this service."),
  );
}

function signedIn(signIns) {
  const titles = ["With", "From", "Since", "Ends by itself", ""].map((text) => el("th", { scope: "col" }, text));
  const rows = el("tbody", {}, signIns.map(row));
  return [
    el("h2", {}, "Where you are signed in"),
    el("p", { class: "sub" }, "One that you do not know? Sign it out and change your password."),
    el("div", { class: "card flush" }, el("table", { class: "list" }, el("thead", {}, el("tr", {}, titles)), rows)),
  ];
}

function row(signIn) {
  const what = device(signIn.client);
  const drop = () => end(signIn, what, shown);
  const here = el("span", { class: "badge good" }, shape("circle"), "This one");
  const out = button("Sign out", drop, { class: "mini", "aria-label": `Sign out ${what}, ${signIn.address ?? "address not kept"}` });
  const shown = el(
    "tr",
    {},
    cell("With", what, signIn.client && el("p", { class: "small client" }, signIn.client)),
    cell("From", signIn.address ?? el("span", { class: "faint" }, "not kept")),
    cell("Since", moment(signIn.createdAt)),
    cell("Ends by itself", moment(signIn.expiresAt)),
    cell("", signIn.isCurrent ? here : out),
  );
  return shown;
}

/** Say in a few words what signed in, by what it called itself. */
export function device(client) {
  if (!client) return "Something that gave no name";
  if (client.startsWith("Dart/")) return "The mobile app";
  if (!client.startsWith("Mozilla/")) return "A program";
  const system = SYSTEMS.find((name) => client.includes(name));
  return system ? `A browser on ${system === "Macintosh" ? "a Mac" : system}` : "A browser";
}

async function end(signIn, what, shown) {
  const consequence = "Whoever uses it has to give the password to go on.";
  if (!(await confirmed(`Sign out “${what}”?`, consequence, "Sign it out"))) return;
  try {
    await remove(`auth/sign-ins/${signIn.id}`);
  } catch (error) {
    if (error.status !== 404) {
      tell(error.message);
      return;
    }
  }
  shown.remove();
  tell("It is signed out.");
}

function passwordForm(user, changed) {
  const wrong = el("div", { class: "wrong" });
  const send = el("button", { type: "submit", class: "main" }, "Change the password");
  const old = el("input", { name: "oldPassword", type: "password", required: true, autocomplete: "current-password" });
  const fresh = el("input", { name: "newPassword", type: "password", required: true, autocomplete: "new-password" });
  const submit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    wrong.replaceChildren();
    fresh.removeAttribute("aria-invalid");
    try {
      keepToken(await post("auth/password", { oldPassword: old.value, newPassword: fresh.value }));
      form.reset();
      tell("The password is changed. You are signed out everywhere else.");
      await changed();
    } catch (error) {
      wrong.replaceChildren(failure(error));
      if (error.faults?.some((fault) => fault.pointer === "/newPassword")) fresh.setAttribute("aria-invalid", "true");
    } finally {
      send.disabled = false;
    }
  };
  const form = el(
    "form",
    { class: "card password-form", on: { submit }, "aria-label": "Change your password" },
    wrong,
    // Not shown: by it a password manager knows whose password this is.
    el("input", { name: "username", type: "text", autocomplete: "username", value: user.email, readonly: true, hidden: true }),
    el("label", {}, "The old password", old),
    el("label", {}, "The new password", fresh, el("span", { class: "small" }, PASSWORD_RULE)),
    el("div", { class: "actions" }, send),
    el("p", { class: "small" }, "It signs you out everywhere but here."),
  );
  return form;
}
