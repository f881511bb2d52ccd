// Signing in and registering: one form, two ways to send it.

import { post, signIn } from "./api.js";
import { button, el, failure } from "./dom.js";
import { PASSWORD_RULE } from "./words.js";

const CLOSED = "Registration is closed here. Ask the operator of this service for an account.";

/** Make the page of somebody who is not signed in; `note` says why, where that needs saying. */
export function signInPage(done, note = null) {
  const place = el("div", { class: "gate" });
  const show = (isNew, said = null) => {
    place.replaceChildren(...face(isNew, said, done, show));
    place.querySelector("input").focus();
  };
  place.append(...face(false, note, done, show));
  return place;
}

function face(isNew, note, done, show) {
  const label = isNew ? "Register" : "Sign in";
  const wrong = el("div", { class: "wrong" }, note);
  const send = el("button", { type: "submit", class: "main" }, label);
  const email = el("input", { name: "email", type: "email", required: true, autocomplete: "username" });
  const password = el("input", {
    name: "password",
    type: "password",
    required: true,
    autocomplete: isNew ? "new-password" : "current-password",
  });
  const submit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    wrong.replaceChildren();
    try {
      if (isNew) await post("auth/register", { email: email.value, password: password.value });
      await signIn(email.value, password.value);
      await done();
    } catch (error) {
      const isClosed = isNew && error.status === 403;
      if (isClosed) show(false, el("p", { class: "notice warn", role: "alert" }, CLOSED));
      else wrong.replaceChildren(failure(error));
    } finally {
      send.disabled = false;
    }
  };
  return [
    el("img", { src: "mark.svg", alt: "", width: 56, height: 56 }),
    el("h1", { tabindex: "-1" }, "Bhuprahari"),
    el("p", { class: "sub" }, "Watches your land from above and tells you when something changes."),
    el(
      "form",
      { class: "card", on: { submit }, "aria-label": label },
      wrong,
      el("label", {}, "E-mail", email),
      el("label", {}, "Password", password),
      isNew ? el("p", { class: "small" }, PASSWORD_RULE) : null,
      send,
    ),
    el(
      "p",
      { class: "other" },
      isNew ? "You have an account already? " : "No account yet? ",
      button(isNew ? "Sign in" : "Register", () => show(!isNew), { class: "link" }),
    ),
  ];
}
