// What was pushed, to whom, and whether it was accepted.

import { getPage } from "./api.js";
import { cell, el, empty, head } from "./dom.js";
import { moment } from "./format.js";
import { more } from "./sessions.js";
import { pushBadge } from "./words.js";

const TARGETS = { token: "A registered device", topic: "A topic set by the operator" };

/** Make the page of pushes. */
export async function pushesPage(signal) {
  const first = await getPage("pushes", "limit=50", signal);
  const title = head("Pushes", "Messages about your areas, newest first, and what became of them.");
  if (first.items.length === 0) {
    const sentence = "When a session finds a change, or an area cannot be seen for long, everyone concerned gets a push, and it is listed here.";
    return el("div", {}, title, empty("Nothing was pushed yet", sentence));
  }
  const rows = el("tbody", {}, first.items.map(row));
  const titles = ["Status", "Message", "Sent to", "Made", "Accepted"].map((text) => el("th", { scope: "col" }, text));
  const table = el("table", { class: "list" }, el("thead", {}, el("tr", {}, titles)), rows);
  const older = more("pushes", first.next, (items) => rows.append(...items.map(row)), signal);
  return el("div", {}, title, el("div", { class: "card flush" }, table), older);
}

function row(push) {
  return el(
    "tr",
    {},
    cell("Status", pushBadge(push.status), push.detail && el("p", { class: "small" }, push.detail)),
    cell("Message", el("a", { href: `#/sessions/${push.alertSessionId}` }, push.title), el("p", { class: "small" }, push.body)),
    cell("Sent to", TARGETS[push.target] ?? push.target),
    cell("Made", moment(push.createdAt)),
    cell("Accepted", moment(push.sentAt, "not yet")),
  );
}
