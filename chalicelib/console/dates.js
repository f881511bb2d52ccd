// Any two dates of an area: which pictures there are, and a comparison of two of them.

import { get, getPage, post } from "./api.js";
import { badge } from "./words.js";
import { cell, el, empty, failure, head } from "./dom.js";
import { count, percent } from "./format.js";
import { more } from "./sessions.js";

/** Make the page on which two dates of an area are chosen. */
export async function datesPage(areaId, signal) {
  const area = await get(`area-configs/${areaId}`, signal);
  const path = `area-configs/${areaId}/scenes`;
  const first = await getPage(path, "limit=100", signal);
  const trail = el("nav", { "aria-label": "You are here", class: "trail" }, el("a", { href: "#/areas" }, "Areas"), " / ", area.name);
  const title = head("Compare two dates", `The clearest picture near each date is compared with the other. What comes of it says nothing of “${area.name}” as it is now.`);
  if (first.items.length < 2) {
    return el("div", {}, trail, title, empty("There are no two dates yet", "Two pictures of different days are needed.", el("a", { class: "button", href: "#/areas" }, "Go to your areas")));
  }
  const before = choice("before", "Before");
  const after = choice("after", "After");
  const says = el("div", { "aria-live": "polite" });
  const send = el("button", { type: "submit", class: "main" }, "Compare");
  const form = el("form", { class: "card dates", on: { submit } }, before.label, after.label, send, says);
  const rows = el("tbody");
  const add = (scenes) => {
    for (const scene of scenes) {
      for (const { select } of [before, after]) select.append(el("option", { value: scene.date }, described(scene)));
      rows.append(row(scene));
    }
  };
  add(first.items);
  after.select.value = first.items[0].date;
  before.select.value = first.items[1].date;

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    says.replaceChildren(el("p", { class: "small", role: "status" }, "Capturing and comparing…"));
    try {
      const dates = { before: before.select.value, after: after.select.value };
      const { session } = await post(`monitor/compare/${areaId}`, dates, signal);
      location.hash = `#/sessions/${session.id}`;
    } catch (error) {
      if (!signal.aborted) says.replaceChildren(failure(error));
    } finally {
      send.disabled = false;
    }
  }

  const table = el(
    "table",
    { class: "list" },
    el("caption", {}, "The pictures that there are, the latest first"),
    el("thead", {}, el("tr", {}, ["Date", "Shows of the area", "Cloud", "Looked at"].map((name) => el("th", { scope: "col" }, name)))),
    rows,
  );
  return el("div", {}, trail, title, form, el("section", { class: "card" }, table, more(path, first.next, add, signal, "Show older dates")));
}

function choice(name, word) {
  const select = el("select", { name, required: true });
  return { select, label: el("label", {}, word, select) };
}

function described(scene) {
  const cloud = scene.cloudShare === null ? "" : `, ${percent(scene.cloudShare)} cloud`;
  return `${scene.date} · shows ${percent(scene.coverage)}${cloud}`;
}

function row(scene) {
  return el(
    "tr",
    {},
    cell("Date", scene.date, scene.pictures > 1 ? ` (${count(scene.pictures)} pictures)` : ""),
    cell("Shows of the area", percent(scene.coverage)),
    cell("Cloud", scene.cloudShare === null ? el("span", { class: "faint" }, "not stated") : percent(scene.cloudShare)),
    cell("Looked at", scene.isUsed ? badge("Yes", "circle", "good") : el("span", { class: "faint" }, "not yet")),
  );
}
