// The areas somebody watches, and the button that sweeps one now.

import { get, getPage, patch, post, remove } from "./api.js";
import { areaForm, sensitivities } from "./area_form.js";
import { button, confirmed, el, empty, facts, failure, head, tell } from "./dom.js";
import { count, counted, distance, m2, metres, moment, percent, place, reach } from "./format.js";
import { follow } from "./sessions.js";
import { areaBadge, progress, sessionBadge, severityBadge, shape, standing } from "./words.js";

/** Make the page of areas. */
export async function areasPage(signal) {
  const [areas, sessions] = await Promise.all([
    get("area-configs", signal),
    getPage("alerts/sessions", "limit=100", signal),
  ]);
  const add = el("a", { class: "button main", href: "#/areas/new" }, "Add an area");
  const title = head("Areas", "The land you watch. Each area is swept by itself when it is due.", add);
  if (areas.length === 0) {
    const sentence = "Name a piece of land and say how far it reaches. Its first sweep begins at once.";
    const first = el("a", { class: "button main", href: "#/areas/new" }, "Add your first area");
    return el("div", {}, head("Areas", "The land you watch."), empty("You watch no land yet", sentence, first));
  }
  const cards = areas.map((area) => {
    const own = sessions.items.filter((session) => session.areaConfigId === area.id);
    return card(area, own, signal);
  });
  return el("div", {}, title, el("ul", { class: "areas" }, cards));
}

/** Make the page with the form for one more area. */
export async function newAreaPage(signal) {
  const providers = await get("providers", signal).catch((error) => {
    if (signal.aborted || error.status === 401) throw error;
    return []; // the form works without: the default provider takes it
  });
  const title = head("Add an area", "Say where the land lies and how far it reaches from there, in kilometres.");
  const added = (area) => {
    tell(`“${area.name}” is watched from now on.`);
    location.hash = "#/areas";
  };
  return el("div", {}, title, areaForm(providers, added, signal));
}

function card(area, sessions, signal) {
  const latest = sessions[0] ?? null;
  const state = el("div", { class: "state", "aria-live": "polite" });
  const due = el("span", {}, distance(area.nextDueAt));
  const supervise = button("Supervise now", () => sweep(area, parts, signal), { class: "main" });
  const stands = el("span", {}, howItStands(area));
  const unseen = el("span", {}, notSeen(area));
  const parts = { state, supervise, due, sessions, stands, unseen };
  showState(parts, latest);
  if (latest?.status === "IN_PROGRESS") watch(latest, parts, area, signal);
  const size = `${reach(area.westKm + area.eastKm)} × ${reach(area.northKm + area.southKm)}`;
  const drop = button("Delete", () => forgetArea(area, card), { class: "quiet mini", "aria-label": `Delete ${area.name}` });
  const card = el(
    "li",
    { class: "card area" },
    el("div", { class: "area-head" }, el("h2", {}, area.name), drop),
    place(area.centerLat, area.centerLon),
    state,
    facts([
      ["State", stands],
      ["Not seen", unseen],
      ["Next sweep", due],
      ["Every", every(area.cadenceHours)],
      ["Width × height", size],
      ["Provider", area.provider],
      ["Tiles", `${count(area.tiles)}, at ${metres(area.gsdM)} a pixel`],
      ["Alerts from", m2(area.minChangedAreaM2)],
      ["Sensitivity", sensitivity(area)],
    ]),
    el(
      "div",
      { class: "actions" },
      supervise,
      el("a", { class: "button", href: `#/sessions/area/${area.id}` }, "Sessions"),
    ),
    area.attribution && el("p", { class: "attribution" }, `Imagery: ${area.attribution}`),
  );
  return card;
}

// What its last whole sweep said, which an interrupted one does not change.
function howItStands(area) {
  if (area.stateSince === null) return ["not looked at yet"];
  return [areaBadge(area.state), " since ", moment(area.stateSince)];
}

function notSeen(area) {
  if (area.unseenShare === null) return ["not measured yet"];
  if (area.unseenSince === null) return ["nothing"];
  return [`${percent(area.unseenShare)} of it, ${m2(area.unseenM2)}, since `, moment(area.unseenSince)];
}

function sensitivity(area) {
  const choice = sensitivities(area.sensitivity, { class: "mini", "aria-label": `Sensitivity of ${area.name}` });
  choice.addEventListener("change", async () => {
    choice.disabled = true;
    try {
      area.sensitivity = (await patch(`area-configs/${area.id}`, { sensitivity: choice.value })).sensitivity;
      tell(`“${area.name}”: the next comparison is made with ${area.sensitivity} sensitivity.`);
    } catch (error) {
      tell(error.message);
    }
    choice.value = area.sensitivity;
    choice.disabled = false;
  });
  return choice;
}

// A quiet sweep must not hide what an earlier one found.
function earlier(session) {
  const link = el("a", { href: `#/sessions/${session.id}` }, counted(session.totalChangesDetected, "tile"), " changed");
  return el("p", { class: "earlier" }, shape("triangle"), el("span", {}, "Found before: ", link, ", ", moment(session.startTime)));
}

function every(hours) {
  return hours % 24 === 0 && hours > 24 ? counted(hours / 24, "day") : counted(hours, "hour");
}

function showState({ state, sessions }, session) {
  if (session === null) {
    state.replaceChildren(el("p", { class: "faint" }, "Not swept yet."));
    return;
  }
  const [, , , sentence] = standing(session);
  const isRunning = session.status === "IN_PROGRESS";
  const changed = sessions.find((other) => other.totalChangesDetected > 0 && other.id !== session.id);
  state.replaceChildren(
    el(
      "p",
      { class: "state-line" },
      el("a", { href: `#/sessions/${session.id}`, class: "badge-link" }, sessionBadge(session)),
      severityBadge(session.severity) ?? "",
      " ",
      moment(session.endTime ?? session.startTime),
    ),
    isRunning ? progress(session) : el("p", { class: "small" }, sentence),
    session.reason ? el("p", { class: "small" }, session.reason) : "",
    changed ? earlier(changed) : "",
  );
}

async function sweep(area, parts, signal) {
  parts.supervise.disabled = true;
  try {
    const { session } = await post(`monitor/capture/${area.id}`);
    showState(parts, session);
    // The compare call waits for the session to end if it can: the bar meanwhile is asked for beside it.
    const compared = post(`monitor/compare/${area.id}`).catch((error) => error);
    await watch(session, parts, area, signal);
    const failed = await compared;
    if (failed instanceof Error && failed.name !== "AbortError") throw failed;
  } catch (error) {
    if (!signal.aborted) parts.state.replaceChildren(failure(error));
  } finally {
    parts.supervise.disabled = false;
  }
}

async function watch(session, parts, area, signal) {
  parts.supervise.disabled = true;
  const ended = await follow(session, signal, (newer) => showState(parts, newer));
  if (signal.aborted) return;
  parts.supervise.disabled = false;
  if (!parts.sessions.some((known) => known.id === ended.id)) parts.sessions.unshift(ended);
  const [word] = standing(ended);
  tell(`${area.name}: ${word.toLowerCase()}.`);
  const newer = await get(`area-configs/${area.id}`, signal).catch(() => null);
  if (newer === null) return;
  parts.due.replaceChildren(distance(newer.nextDueAt));
  parts.stands.replaceChildren(...howItStands(newer));
  parts.unseen.replaceChildren(...notSeen(newer));
}

async function forgetArea(area, card) {
  const consequence = "Its images, sessions and alerts are deleted with it. This cannot be taken back.";
  if (!(await confirmed(`Delete “${area.name}”?`, consequence, "Delete the area"))) return;
  try {
    await remove(`area-configs/${area.id}`);
    const isLast = card.parentElement?.children.length === 1;
    card.remove();
    tell(`“${area.name}” is deleted.`);
    if (isLast) window.dispatchEvent(new HashChangeEvent("hashchange"));
  } catch (error) {
    card.append(failure(error));
  }
}
