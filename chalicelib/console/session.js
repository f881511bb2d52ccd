// One session: how it ended, and its alerts, one at a time with its pictures.

import { get, getPage, imageKey, post } from "./api.js";
import { button, confirmed, el, empty, facts, failure, head, tell } from "./dom.js";
import { alertView, ignoredView, inOneLine } from "./alert.js";
import { boundsOf, counted, duration, m2, moment, percent } from "./format.js";
import { holdToggle, standingHolds } from "./holds.js";
import { follow, more, reasons } from "./sessions.js";
import { inWords } from "./kinds.js";
import { progress, sessionBadge, severityBadge, standing, verdictCounts } from "./words.js";

/** Make the page of a session, at one of its alerts. */
export async function sessionPage(sessionId, alertId, signal) {
  const session = await details(sessionId, signal);
  const [area, images, holds] = await Promise.all([
    get(`area-configs/${session.areaConfigId}`, signal).catch(tolerated(signal, null)),
    get(`monitor/image-tiles/area/${session.areaConfigId}`, signal).catch(tolerated(signal, [])),
    standingHolds(signal).catch(tolerated(signal, [])),
  ]);
  const page = el("div", { class: "session-page" });
  const show = (shown) => {
    page.replaceChildren(...parts(shown, { area, images, holds }, Number(alertId), signal));
    if (shown.next !== null) addAlerts(shown, page, area, images, Number(alertId), signal);
    if (shown.status !== "IN_PROGRESS") addIgnored(shown, page, area, images, signal);
  };
  show(session);
  if (session.status === "IN_PROGRESS") runToEnd(session, page, show, signal);
  return page;
}

// A session with its newest alerts, and the query of the others where there are more than fit in an answer.
async function details(sessionId, signal) {
  const { items, next } = await getPage(`alerts/sessions/${sessionId}/details`, "", signal);
  return { ...items, next };
}

function addAlerts(session, page, area, images, alertId, signal) {
  const add = (older) => {
    session.alert_details.push(...older);
    page.querySelector(".alerts").replaceWith(alerts(session, area, images, alertId));
  };
  page.append(more(`alerts/sessions/${session.id}/alerts`, session.next, add, signal, "Show more alerts"));
}

// The page is worth showing without the area's name and the older pictures' dates.
function tolerated(signal, instead) {
  return (error) => {
    if (signal.aborted || error.status === 401) throw error;
    return instead;
  };
}

async function runToEnd(session, page, show, signal) {
  const ended = await follow(session, signal, (newer) => {
    page.querySelector(".summary")?.replaceWith(summary(newer));
  });
  if (signal.aborted || ended.status === "IN_PROGRESS") return;
  try {
    show(await details(session.id, signal));
  } catch (error) {
    if (!signal.aborted) page.append(failure(error));
  }
}

function parts(session, { area, images, holds }, alertId, signal) {
  const isRunning = session.status === "IN_PROGRESS";
  const stop = isRunning && button("Stop this session", () => cancel(session, signal));
  const all = el("a", { class: "button", href: `#/sessions/area/${session.areaConfigId}` }, "All of this area");
  return [
    el("nav", { "aria-label": "You are here", class: "trail" }, el("a", { href: "#/sessions" }, "Sessions"), " / ", `Session ${session.id}`),
    head(area?.name ?? "Session", null, ...(stop ? [stop] : []), all, holdToggle({ sessionId: session.id }, `session ${session.id}`, holds)),
    summary(session),
    ...(session.alert_details.length > 0 ? [alerts(session, area, images, alertId)] : [noAlerts(session)]),
  ];
}

// What tiles without an alert saw comes after the rest: nobody should wait for it.
async function addIgnored(session, page, area, images, signal) {
  const path = `alerts/sessions/${session.id}/ignored`;
  const first = await getPage(path, "limit=50", signal).catch(tolerated(signal, { items: [], next: null }));
  const seen = first.items.filter(hasNoAlert);
  if (signal.aborted || (seen.length === 0 && first.next === null)) return;
  const dated = new Map(images.map((image) => [imageKey(image.imagePath), image]));
  const view = el("div", { class: "alert-view" });
  const list = el("ul");
  const choose = (tile, item) => {
    for (const other of list.querySelectorAll(".pick")) other.setAttribute("aria-pressed", String(other === item));
    if (!tile.previousImagePath || !tile.currentImagePath) {
      view.replaceChildren(empty("Its pictures are kept no longer", "What was seen there is listed still."));
      return;
    }
    const before = dated.get(imageKey(tile.previousImagePath)) ?? null;
    view.replaceChildren(ignoredView(tile, { before, area: area && landOf(area) }));
  };
  const add = (tiles) => list.append(...tiles.filter(hasNoAlert).map((tile) => el("li", {}, pickIgnored(tile, choose))));
  add(first.items);
  const where = first.next === null ? counted(seen.length, "tile") : "tiles";
  page.append(el(
    "details",
    { class: "card seen-and-ignored", on: { toggle: () => view.childElementCount === 0 && list.querySelector(".pick")?.click() } },
    el("summary", {}, `Seen and ignored on ${where} without an alert`),
    el("section", { class: "alerts", "aria-label": "Seen and ignored" }, el("div", { class: "picks" }, list, more(path, first.next, add, signal, "Show more tiles")), view),
  ));
}

const hasNoAlert = (tile) => tile.verdict !== "CHANGED";

function pickIgnored(tile, choose) {
  const reasonsSeen = [...new Set(tile.regions.map((region) => region.reason))].join(", ");
  const label = [el("strong", {}, counted(tile.regions.length, "place")), el("span", {}, reasonsSeen, " · tile ", tile.current_tile_info.uniqueKey)];
  const item = button(label, () => choose(tile, item), { class: "pick", "aria-pressed": "false" });
  return item;
}

function summary(session) {
  const [, , tone, sentence] = standing(session);
  const isRunning = session.status === "IN_PROGRESS";
  return el(
    "section",
    { class: `card summary edge-${tone}`, "aria-label": "How it stands" },
    el("div", { class: "session-head" }, sessionBadge(session), severityBadge(session.severity) ?? "", el("p", {}, sentence, inWords(session.kinds))),
    isRunning ? progress(session) : verdictCounts(session.countsByVerdict),
    ...reasons(session),
    facts([
      ["Two dates", session.before && `${session.before} with ${session.after}, as somebody asked`],
      ["Started", moment(session.startTime)],
      ["Took", isRunning ? null : duration(session.startTime, session.endTime)],
      ["Newest image from", moment(session.newestCapturedAt, "not stated")],
      ["Clear view of", session.clearShare === null || session.unseenM2 !== null ? null : percent(session.clearShare)],
      ["Not seen", notSeen(session)],
      ["Likely authorised", session.likelyAuthorised ? `${counted(session.likelyAuthorised, "tile")}: permits allow what changed there` : null],
      ["Push", isRunning ? null : session.notificationSent ? "accepted" : "none"],
    ]),
  );
}

function notSeen(session) {
  if (session.unseenM2 === null || session.unseenM2 < 1) return null;
  const since = session.unseenSince ? [" since ", moment(session.unseenSince)] : [];
  return el("span", {}, `${m2(session.unseenM2)}, ${percent(session.unseenShare)} of the area,`, ...since);
}

function noAlerts(session) {
  if (session.status === "IN_PROGRESS") {
    return empty("Nothing to show yet", "Alerts appear here when the session has ended.");
  }
  if (session.status === "COMPLETED_ERROR") {
    return empty("No alert, and no all-clear", "Some of the land was not checked. The reason is above.");
  }
  return empty("No alert", standing(session)[3]);
}

function alerts(session, area, images, alertId) {
  const sorted = [...session.alert_details].sort((a, b) => size(b) - size(a));
  const dated = new Map(images.map((image) => [imageKey(image.imagePath), image]));
  const view = el("div", { class: "alert-view" });
  const items = sorted.map((alert) => {
    return button([el("strong", {}, m2(size(alert))), el("span", {}, inOneLine(alert))], () => choose(alert), { class: "pick" });
  });
  const choose = (alert) => {
    const index = sorted.indexOf(alert);
    items.forEach((one, at) => one.setAttribute("aria-pressed", String(at === index)));
    const { previousCapturedAt: capturedAt, previousAttribution: attribution } = alert;
    const before = dated.get(imageKey(alert.previousImagePath)) ?? { capturedAt, attribution, fetchedAt: null };
    view.replaceChildren(alertView(alert, { before, area: area && landOf(area) }));
    history.replaceState(null, "", `#/sessions/${session.id}/alert/${alert.id}`);
  };
  choose(sorted.find((alert) => alert.id === alertId) ?? sorted[0]);
  const total = sorted.reduce((sum, alert) => sum + size(alert), 0);
  const all = session.totalChangesDetected;
  const title =
    sorted.length < all
      ? `${sorted.length} of ${counted(all, "alert")}, ${m2(total)} in these`
      : `${counted(sorted.length, "alert")}, ${m2(total)} in all`;
  return el(
    "section",
    { class: "alerts", "aria-label": "Alerts" },
    el("div", { class: "picks" }, el("h2", {}, title), el("ul", {}, items.map((one) => el("li", {}, one)))),
    view,
  );
}

const landOf = (area) => ({ bounds: boundsOf(area), rings: area.watched?.coordinates.flat() });

const size = (alert) => alert.changeLog?.changed_area_m2 ?? 0;

async function cancel(session, signal) {
  const consequence = "Tiles that are not done yet will not be checked, and the session will not count as an all-clear.";
  if (!(await confirmed("Stop this session?", consequence, "Stop it"))) return;
  try {
    await post(`alerts/sessions/${session.id}/cancel`, undefined, signal);
    tell("The session is being stopped.");
  } catch (error) {
    if (!signal.aborted) tell(error.message);
  }
}
