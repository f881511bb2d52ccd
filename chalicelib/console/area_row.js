// One area in the list: its name, what waits for somebody, what its last session said, and when the next one is.

import { post } from "./api.js";
import { button, el, tell } from "./dom.js";
import { count, counted, distance, moment } from "./format.js";
import { ATTENTION, badge, progress, sessionBadge, severityBadge, shape, standing } from "./words.js";

const MOST_COUNTED = 1000; // `openPlaces` of an answer go no further

/** Make an area's row; `show` brings it up to date. */
export function areaRow(area) {
  const node = el("li", { class: "card area" });
  const row = { id: area.id, node, show, isRunning: () => area.lastSession?.status === "IN_PROGRESS" };
  const now = button("Supervise now", supervise, { "aria-label": `Supervise ${area.name} now` });
  const [waits, state, due] = [el("div", { class: "waits" }), el("div", { class: "state" }), el("p", { class: "small due" })];
  node.append(
    el(
      "div",
      { class: "area-name" },
      el("h2", {}, el("a", { href: `#/areas/${area.id}` }, area.name)),
      due,
    ),
    waits,
    state,
    el("div", { class: "actions" }, now, el("a", { class: "button", href: `#/sessions/area/${area.id}` }, "Sessions")),
  );
  show(area);
  return row;

  function show(newer) {
    area = newer;
    waits.replaceChildren(attentionBadge(area), openPlaces(area));
    due.replaceChildren(...tagsOf(area), `${counted(area.tiles, "tile")}, `, ...(area.isPaused ? ["paused"] : ["next look ", distance(area.nextDueAt)]));
    state.replaceChildren(...stateOf(area));
    now.disabled = row.isRunning();
  }

  async function supervise() {
    now.disabled = true;
    try {
      const { session } = await post(`monitor/capture/${area.id}`);
      show({ ...area, lastSession: session });
    } catch (error) {
      now.disabled = false;
      tell(`${area.name}: ${error.message}`);
    }
  }
}

/** Make the badge of what of an area waits for somebody. */
export function attentionBadge(area) {
  return badge(...(ATTENTION[area.attention] ?? [area.attention, "diamond", "warn"]));
}

const tagsOf = ({ tags }) => tags.flatMap((tag) => [el("span", { class: "tag" }, tag), " "]);

function openPlaces(area) {
  if (area.openPlaces === 0) return "";
  return el("span", { class: "small" }, `${placesCounted(area)} not settled`);
}

/** Say how many places of an area are not settled, as far as they were counted. */
export function placesCounted({ openPlaces: places }) {
  return places < MOST_COUNTED ? counted(places, "place") : `${count(MOST_COUNTED)} places or more`;
}

/** Say what the last session of an area said, and what an earlier one found. */
export function stateOf(area) {
  const { lastSession: session, lastChange: change } = area;
  if (session === null) return [el("p", { class: "faint" }, "Not looked at yet.")];
  const said = session.reason ? session.reason.charAt(0).toUpperCase() + session.reason.slice(1) : standing(session)[3];
  return [
    el(
      "p",
      { class: "state-line" },
      el("a", { href: `#/sessions/${session.id}`, class: "badge-link" }, sessionBadge(session)),
      severityBadge(session.severity) ?? "",
      moment(session.endTime ?? session.startTime),
    ),
    session.status === "IN_PROGRESS" ? progress(session) : el("p", { class: "small said" }, said),
    change !== null && change.id !== session.id ? earlier(change) : "",
  ];
}

// A quiet session must not hide what an earlier one found.
function earlier(session) {
  const link = el("a", { href: `#/sessions/${session.id}` }, counted(session.totalChangesDetected, "tile"), " changed");
  return el("p", { class: "earlier" }, shape("triangle"), el("span", {}, "Found before: ", link, ", ", moment(session.startTime)));
}
