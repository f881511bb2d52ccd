// The list of sessions: how each ended, or how far it has come.

import { get, getPage } from "./api.js";
import { button, el, empty, failure, head, poll, tell } from "./dom.js";
import { counted, distance, duration, moment } from "./format.js";
import { inWords } from "./kinds.js";
import { progress, sessionBadge, severityBadge, standing, verdictCounts } from "./words.js";

/** Make the page of sessions: all, or those of one area. */
export async function sessionsPage(...given) {
  const [signal, areaId] = [given.at(-1), given.length > 1 ? Number(given[0]) : null];
  const names = new Map();
  const query = areaId === null ? "limit=50" : `limit=50&area=${areaId}`;
  const [first] = await Promise.all([getPage("alerts/sessions", query, signal), areaId !== null && named([areaId])]);
  const list = el("ul", { class: "sessions" });
  await add(first.items);
  const title = areaId === null ? "Sessions" : `Sessions: ${names.get(areaId) ?? "a deleted area"}`;
  const back = areaId !== null && el("a", { class: "button", href: "#/sessions" }, "All areas");
  const nothing = empty(
    "No session yet",
    "A session is one look at an area. One begins by itself when an area is due, or when you press “Supervise now”.",
    el("a", { class: "button", href: "#/areas" }, "Go to your areas"),
  );
  return el(
    "div",
    {},
    head(title, "Each look at an area: captured, compared, and what came of it. Newest first.", ...(back ? [back] : [])),
    list.children.length === 0 && first.next === null ? nothing : list,
    more("alerts/sessions", first.next, add, signal),
  );

  async function add(sessions) {
    await named(sessions.map((session) => session.areaConfigId));
    list.append(...sessions.map((session) => item(session, names, signal)));
  }

  async function named(areaIds) {
    const unknown = [...new Set(areaIds)].filter((id) => !names.has(id));
    if (unknown.length === 0) return;
    for (const area of await get(`area-configs?ids=${unknown}&limit=100`, signal)) names.set(area.id, area.name);
  }
}

/** Make the button that loads the next page of a list, for as long as there is one. */
export function more(path, query, add, signal, label = "Show older ones") {
  const place = el("div", { class: "more" });
  const offer = (next) => {
    place.replaceChildren();
    if (next !== null) place.append(button(label, () => load(next)));
  };
  const load = async (next) => {
    try {
      const page = await getPage(path, next, signal);
      await add(page.items);
      offer(page.next);
    } catch (error) {
      if (!signal.aborted) place.replaceChildren(failure(error, () => load(next)));
    }
  };
  offer(query);
  return place;
}

function item(session, names, signal) {
  const place = el("li", { class: "card session" });
  fill(place, session, names);
  if (session.status === "IN_PROGRESS") follow(session, signal, (newer) => fill(place, newer, names));
  return place;
}

function fill(place, session, names) {
  const [, , tone, sentence] = standing(session);
  const name = names.get(session.areaConfigId) ?? "An area";
  const isRunning = session.status === "IN_PROGRESS";
  place.className = `card session edge-${tone}`;
  place.replaceChildren(
    el(
      "div",
      { class: "session-head" },
      sessionBadge(session),
      severityBadge(session.severity) ?? "",
      el("h2", {}, el("a", { href: `#/sessions/${session.id}`, class: "cover" }, name)),
      el("span", { class: "faint when" }, distance(session.startTime)),
    ),
    el("p", {}, session.before ? `${session.before} with ${session.after}: ` : "", sentence, inWords(session.kinds)),
    isRunning ? progress(session) : "",
    ...reasons(session),
    el(
      "div",
      { class: "session-foot" },
      !isRunning && verdictCounts(session.countsByVerdict),
      el(
        "p",
        { class: "small" },
        "Started ", moment(session.startTime),
        isRunning ? "" : `, took ${duration(session.startTime, session.endTime)}`,
        session.notificationSent ? ", push sent" : "",
      ),
    ),
  );
}

/** Say why a session ended as it did, and which tiles failed. */
export function reasons(session) {
  const isError = session.status === "COMPLETED_ERROR";
  const parts = [];
  if (session.reason) {
    const sentence = session.reason.charAt(0).toUpperCase() + session.reason.slice(1);
    const label = isError ? "Why: " : "Not all of it was checked: ";
    parts.push(el("p", { class: `reason ${isError ? "bad" : "warn"}` }, el("strong", {}, label), sentence));
  }
  if (session.failures.length > 0) {
    const items = session.failures.map((one) => el("li", {}, el("code", {}, one.uniqueKey), " ", one.reason));
    const all = Math.max(session.countsByVerdict.FAILED ?? 0, items.length);
    const title = `${counted(all, "tile")} failed`;
    const rest = all > items.length ? el("p", { class: "small" }, `These are ${items.length} of them.`) : "";
    parts.push(el("details", { class: "failures" }, el("summary", {}, title), el("ul", {}, items), rest));
  }
  return parts;
}

/** Show a running session anew every two seconds until it has ended. Gives its last state. */
export async function follow(session, signal, show) {
  let latest = session;
  let isLost = false;
  await poll(async () => {
    try {
      latest = await get(`alerts/sessions/${session.id}`, signal);
    } catch (error) {
      if (signal.aborted || error.status === 404 || error.status === 401) return true;
      if (!isLost) tell("No answer from the server. The progress shown may be out of date; trying again.");
      isLost = true;
      return false;
    }
    isLost = false;
    show(latest);
    return latest.status !== "IN_PROGRESS";
  }, signal);
  return latest;
}
