// Building the page. Whatever comes from outside becomes text nodes and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: `on` holds listeners, every other property is an attribute (false and null leave it out). */
export function el(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** Make an SVG element. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(node, { on = {}, ...attributes }, children) {
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Make a button. */
export function button(label, press, properties = {}) {
  return el("button", { type: "button", ...properties, on: { click: press } }, label);
}

/** Make a table's cell; narrow screens show its column's name beside it. */
export function cell(name, ...children) {
  return el("td", { "data-name": name }, el("div", {}, children));
}

/** Make a page's head: its title, a sentence, and what can be done there. */
export function head(title, sentence, ...actions) {
  return el(
    "div",
    { class: "head" },
    el("div", {}, el("h1", { tabindex: "-1" }, title), sentence && el("p", { class: "sub" }, sentence)),
    actions.length > 0 && el("div", { class: "actions" }, actions),
  );
}

/** Make a box that says why there is nothing here. */
export function empty(title, sentence, ...actions) {
  return el("section", { class: "empty" }, el("h2", {}, title), el("p", {}, sentence), actions);
}

/** Make a box that says what went wrong. */
export function failure(error, again) {
  return el(
    "section",
    { class: "notice bad", role: "alert" },
    el("div", {}, el("strong", {}, "This did not work. "), error.message),
    again && button("Try again", again),
  );
}

/** Make a list of terms and what they are; pairs without a value are left out. */
export function facts(pairs, properties = { class: "facts" }) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", properties, shown.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

/** Say something for a moment, aloud where the page is read aloud. */
export function tell(sentence) {
  const place = document.getElementById("told");
  place.replaceChildren(el("p", {}, sentence));
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => place.replaceChildren(), 6000);
}

/** Ask before something that cannot be taken back; gives whether to go on. */
export function confirmed(question, consequence, label) {
  const { promise, resolve } = withResolvers();
  const dialog = el(
    "dialog",
    { "aria-labelledby": "question", on: { close: () => { dialog.remove(); resolve(dialog.returnValue === "yes"); } } },
    el("h2", { id: "question" }, question),
    el("p", {}, consequence),
    el(
      "div",
      { class: "actions" },
      button("Not now", () => dialog.close("no"), { autofocus: true }),
      button(label, () => dialog.close("yes"), { class: "danger" }),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return promise;
}

/** Ask for a text in one field; gives it, or null where somebody thought better of it. */
export function asked(question, consequence, label, word, properties) {
  const { promise, resolve } = withResolvers();
  const field = el("input", { required: true, maxlength: 200, autocomplete: "off", ...properties });
  const done = (event) => { event.preventDefault(); dialog.close("yes"); };
  const dialog = el(
    "dialog",
    { "aria-labelledby": "question", on: { close: () => { dialog.remove(); resolve(dialog.returnValue === "yes" ? field.value : null); } } },
    el("h2", { id: "question" }, question),
    el("p", {}, consequence),
    el(
      "form",
      { on: { submit: done } },
      el("label", { class: "field" }, el("span", {}, word), field),
      el("div", { class: "actions" }, button("Not now", () => dialog.close("no")), el("button", { type: "submit", class: "main" }, label)),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  field.focus();
  return promise;
}

function withResolvers() {
  let resolve;
  const promise = new Promise((done) => { resolve = done; });
  return { promise, resolve };
}

/** Call again and again, with a pause between, until it gives true or the page is left. */
export async function poll(again, signal, everyMs = 2000) {
  while (!signal.aborted) {
    await new Promise((done) => { setTimeout(done, everyMs); });
    if (signal.aborted || (await again())) return;
  }
}
