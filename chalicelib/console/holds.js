// Legal holds: placed and lifted where the thing is shown that they are on, and listed.

import { getPage, post } from "./api.js";
import { asked, button, cell, el, empty, head, tell } from "./dom.js";
import { moment } from "./format.js";
import { more } from "./sessions.js";

/** Give the newest holds that stand. */
export async function standingHolds(signal) {
  const { items } = await getPage("holds", "limit=100", signal);
  return items.filter((hold) => hold.liftedAt === null);
}

/** Make the button that places a legal hold on something, named in words, or lifts the one that stands on it. */
export function holdToggle(held, what, standing, properties = {}) {
  const place = el("span");
  const isOn = (hold) => (held.placeId ?? null) === hold.placeId && (held.sessionId ?? null) === hold.sessionId
    && (held.areaConfigId === undefined || held.areaConfigId === hold.areaConfigId);
  show(standing.find(isOn) ?? null);
  return place;

  function show(hold) {
    const [label, press] = hold === null ? ["Legal hold", () => begin(show)] : ["Lift the hold", () => end(hold, show)];
    place.replaceChildren(button(label, press, { ...properties, title: hold?.reason, "aria-label": `${label}: ${what}` }));
  }

  async function begin(placed) {
    const consequence = "While it stands nothing of it is deleted, by nobody: no picture, not its area, not your account.";
    const reason = await reasonFor(`Place a legal hold on ${what}?`, consequence, "Place the hold");
    if (reason === null) return;
    try {
      const hold = await post("holds", { ...held, reason });
      tell(`Hold ${hold.id} stands on ${what}.`);
      placed(hold);
    } catch (error) {
      tell(error.message);
    }
  }

  async function end(hold, lifted) {
    const reason = await reasonFor(`Lift hold ${hold.id} from ${what}?`, "What it held may be deleted again.", "Lift it");
    if (reason === null) return;
    try {
      await post(`holds/${hold.id}/lift`, { reason });
      tell(`Hold ${hold.id} is lifted.`);
      lifted(null);
    } catch (error) {
      tell(error.message);
    }
  }
}

/** Make the page of legal holds. */
export async function holdsPage(signal) {
  const first = await getPage("holds", "limit=50", signal);
  const title = head("Legal holds", "What is not deleted, whoever asks. Placing and lifting one is written down in the audit log.");
  if (first.items.length === 0) return el("div", {}, title, empty("No hold", "Place one on the page of an area's pictures, or on that of a session."));
  const rows = el("tbody", {}, first.items.map(holdRow));
  const titles = ["Holds", "Why", "Placed", "Lifted"].map((text) => el("th", { scope: "col" }, text));
  const table = el("table", { class: "list" }, el("thead", {}, el("tr", {}, titles)), rows);
  const older = more("holds", first.next, (items) => rows.append(...items.map(holdRow)), signal);
  return el("div", {}, title, el("div", { class: "card flush" }, table), older);
}

function holdRow(hold) {
  const place = el("tr");
  fillHold(place, hold);
  return place;
}

function fillHold(place, hold) {
  const lift = async () => {
    const reason = await reasonFor(`Lift hold ${hold.id}?`, "What it held may be deleted again.", "Lift it");
    if (reason === null) return;
    try {
      fillHold(place, await post(`holds/${hold.id}/lift`, { reason }));
    } catch (error) {
      tell(error.message);
    }
  };
  const held = hold.placeId !== null ? `Place ${hold.placeId}` : hold.sessionId !== null ? `Session ${hold.sessionId}` : "All of it";
  place.replaceChildren(
    cell("Holds", held, el("p", { class: "small" }, el("a", { href: `#/areas/${hold.areaConfigId}/images` }, `area ${hold.areaConfigId}`))),
    cell("Why", hold.reason),
    cell("Placed", moment(hold.placedAt)),
    cell("Lifted", hold.liftedAt === null ? button("Lift", lift, { class: "mini", "aria-label": `Lift hold ${hold.id}` }) : moment(hold.liftedAt), hold.liftReason && el("p", { class: "small" }, hold.liftReason)),
  );
}

/** Ask for a reason; gives it, or null where somebody thought better of it. */
export const reasonFor = (question, consequence, label) => asked(question, consequence, label, "Why", { name: "reason" });
