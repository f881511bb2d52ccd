// One area: how it stands, what of it waits for somebody, and how it is watched.

import { get, post, remove } from "./api.js";
import { attentionBadge, placesCounted, stateOf } from "./area_row.js";
import { changed } from "./area_form.js";
import { areaLand } from "./area_land.js";
import { areaSettings } from "./area_settings.js";
import { button, confirmed, el, facts, failure, head, tell } from "./dom.js";
import { counted, distance, m2, moment, percent } from "./format.js";
import { placesPart } from "./places.js";
import { takeAlong } from "./take_along.js";
import { areaBadge } from "./words.js";

/** Make the page of an area. */
export async function areaPage(areaId, signal) {
  const [area, [listed]] = await Promise.all([
    get(`area-configs/${areaId}`, signal),
    get(`area-configs?ids=${areaId}`, signal),
  ]);
  const places = await placesPart(area, signal);
  const trail = el("nav", { "aria-label": "You are here", class: "trail" }, el("a", { href: "#/areas" }, "Areas"), " / ", area.name);
  const links = [
    button("Supervise now", () => supervise(area), { class: "main" }),
    el("a", { class: "button", href: `#/sessions/area/${area.id}` }, "Sessions"),
    el("a", { class: "button", href: `#/areas/${area.id}/dates` }, "Two dates"),
    el("a", { class: "button", href: `#/areas/${area.id}/images` }, "Pictures"),
  ];
  return el("div", { class: "area-page" }, trail, head(area.name, null, ...links), standing(listed ?? area), areaLand(area, signal), places ?? "", areaSettings(area, signal), takeAlong(area, signal), end(area));
}

function standing(area) {
  const settle = area.openPlaces > 0 && button("Settle them: it is right as it looks now", () => accept(area));
  return el(
    "section",
    { class: "card area-part", "aria-label": "How it stands" },
    el("div", { class: "waits" }, attentionBadge(area)),
    el("div", { class: "state" }, stateOf(area)),
    facts([
      ["State", howItStands(area)],
      ["Not seen", notSeen(area)],
      ["Last clearly seen", clearlySeen(area)],
      ["Places not settled", area.openPlaces > 0 ? placesCounted(area) : "none"],
      ["Next session", area.isPaused ? "paused" : distance(area.nextDueAt)],
    ]),
    settle && el("div", { class: "actions" }, settle),
  );
}

// What its last whole session said, which an interrupted one does not change.
function howItStands(area) {
  if (area.stateSince === null) return "not looked at yet";
  return el("span", {}, areaBadge(area.state), " since ", moment(area.stateSince));
}

function notSeen(area) {
  if (area.unseenShare === null) return "not measured yet";
  if (area.unseenSince === null) return "nothing";
  return el("span", {}, `${percent(area.unseenShare)} of it, ${m2(area.unseenM2)}, since `, moment(area.unseenSince));
}

// By the time of the pictures, not of the looks at them: what they show of changes is said elsewhere.
function clearlySeen(area) {
  if (area.isDated === false) return "not known: its pictures do not say when they were taken";
  if (area.clearlySeenAt === null) return area.stateSince === null ? "not looked at yet" : "not known, or not all of it yet";
  const ago = area.clearlySeenDays === 0 ? "today" : `${counted(area.clearlySeenDays, "day")} ago`;
  return el("span", {}, "in pictures of ", moment(area.clearlySeenAt), `, ${ago}`);
}

async function supervise(area) {
  try {
    const { session } = await post(`monitor/capture/${area.id}`);
    location.hash = `#/sessions/${session.id}`;
  } catch (error) {
    tell(error.message);
  }
}

async function accept(area) {
  const consequence = "From now on it is compared with what it looks like now, and what was found until now is settled.";
  if (!(await confirmed(`Accept “${area.name}” as it looks now?`, consequence, "Accept it"))) return;
  try {
    const { placesAccepted } = await post(`area-configs/${area.id}/baseline`);
    tell(`${counted(placesAccepted, "place")} settled.`);
    changed();
  } catch (error) {
    tell(error.message);
  }
}

function end(area) {
  const part = el(
    "section",
    { class: "area-part", "aria-label": "Stop watching it" },
    el("div", { class: "actions" }, button("Delete the area…", forget, { class: "quiet" })),
  );
  return part;

  async function forget() {
    const consequence = "Its images, sessions and alerts are deleted with it. This cannot be taken back.";
    if (!(await confirmed(`Delete “${area.name}”?`, consequence, "Delete the area"))) return;
    try {
      await remove(`area-configs/${area.id}`);
      tell(`“${area.name}” is deleted.`);
      location.hash = "#/areas";
    } catch (error) {
      part.append(failure(error));
    }
  }
}
