// The places of an area, as a list: what is held, and what may be.

import { getPage } from "./api.js";
import { cell, el } from "./dom.js";
import { m2, moment, place } from "./format.js";
import { holdToggle, standingHolds } from "./holds.js";
import { kindText } from "./kinds.js";
import { more } from "./sessions.js";

const STATES = { open: "not settled", accepted: "settled" }; // as the rest of the page says it

/** Make the part of an area's page with its places; nothing where it has none. */
export async function placesPart(area, signal) {
  const query = `area=${area.id}&limit=10`;
  const [first, holds] = await Promise.all([getPage("places", query, signal), standingHolds(signal)]);
  if (first.items.length === 0) return null;
  const row = (one) => el(
    "tr",
    {},
    cell("Place", `Place ${one.id}`, el("p", { class: "small" }, place(one.centre[1], one.centre[0]))),
    cell("What", kindText({ kind: one.kind, kind_probability: one.kindProbability }), el("p", { class: "small" }, m2(one.areaM2))),
    cell("Seen last", moment(one.lastSeen)),
    cell("State", STATES[one.state] ?? one.state),
    cell("Hold", holdToggle({ placeId: one.id }, `place ${one.id}`, holds, { class: "mini" })),
  );
  const rows = el("tbody", {}, first.items.map(row));
  const titles = ["Place", "What", "Seen last", "State", "Hold"].map((text) => el("th", { scope: "col" }, text));
  return el(
    "section",
    { class: "card area-part", "aria-label": "Places" },
    el("h2", {}, "Places"),
    el("table", { class: "list" }, el("thead", {}, el("tr", {}, titles)), rows),
    more("places", first.next, (items) => rows.append(...items.map(row)), signal, "Show older places"),
  );
}
