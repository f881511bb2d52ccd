// The areas somebody watches: searched, what waits for a person first, each with what was seen of it last.

import { get, getPage } from "./api.js";
import { areaRow } from "./area_row.js";
import { el, empty, failure, head, poll, tell } from "./dom.js";
import { count, counted } from "./format.js";
import { more } from "./sessions.js";
import { ATTENTION, shape, standing } from "./words.js";

const PAGE = 50;
const PAUSE_MS = 300; // after the last key, before the list is asked for

/** Make the page of areas; `said` is the part of the address that says which. */
export async function areasPage(said, signal) {
  const wanted = Object.fromEntries(new URLSearchParams(said ?? ""));
  wanted.order ??= "attention";
  const add = el("a", { class: "button main", href: "#/areas/new" }, "Add an area");
  const counts = await get("area-configs/attention", signal);
  if (counts.areas === 0) {
    const sentence = "Name a piece of land and say how far it reaches. Its first session begins at once.";
    const first = el("a", { class: "button main", href: "#/areas/new" }, "Add your first area");
    return el("div", {}, head("Areas", "The land you watch."), empty("You watch no land yet", sentence, first));
  }
  const list = areaList(wanted, signal, (newer) => choices.show(newer));
  const choices = attentionChoice(counts, wanted, () => list.ask());
  await list.ask();
  list.watch();
  return el(
    "div",
    {},
    head("Areas", "The land you watch. Each area is looked at by itself when it is due.", add),
    el("search", { class: "finder" }, searchField(wanted, list.ask), orderField(wanted, list.ask), choices.node),
    list.node,
  );
}

function searchField(wanted, ask) {
  let timer = 0;
  const input = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      wanted.search = field.value.trim();
      ask();
    }, PAUSE_MS);
  };
  const field = el("input", { type: "search", name: "search", maxlength: 200, value: wanted.search ?? "", autocomplete: "off", on: { input } });
  return el("label", {}, "Find by name or tag", field);
}

function orderField(wanted, ask) {
  const orders = [["attention", "What waits for you first"], ["oldest", "Oldest first"]];
  const change = () => {
    wanted.order = choice.value;
    ask();
  };
  const choice = el(
    "select",
    { name: "order", on: { change } },
    orders.map(([value, word]) => el("option", { value, selected: value === wanted.order }, word)),
  );
  return el("label", {}, "In order", choice);
}

// All areas, or those of which one thing waits for somebody; each with how many there are.
function attentionChoice(counts, wanted, ask) {
  const node = el("div", { class: "chips", role: "group", "aria-label": "Which areas" });
  const choose = (attention) => {
    wanted.attention = attention;
    show(counts);
    node.querySelector("[aria-pressed=true]").focus();
    ask();
  };
  const show = (newer) => {
    counts = newer;
    const chosen = wanted.attention ?? "";
    const shown = Object.entries(ATTENTION).filter(([word]) => counts.byAttention[word] > 0 || word === chosen);
    node.replaceChildren(
      chip("All", null, counts.areas, "", chosen, choose),
      ...shown.map(([word, [label, shapeName]]) => chip(label, shapeName, counts.byAttention[word] ?? 0, word, chosen, choose)),
    );
  };
  show(counts);
  return { node, show };
}

function chip(label, shapeName, number, word, chosen, choose) {
  const properties = { type: "button", class: "chip", "aria-pressed": String(word === chosen), on: { click: () => choose(word) } };
  return el("button", properties, shapeName && shape(shapeName), label, el("span", { class: "how-many" }, count(number)));
}

function areaList(wanted, signal, showCounts) {
  const rows = new Map();
  const list = el("ul", { class: "areas" });
  const found = el("p", { class: "small found", role: "status" });
  const place = el("div", {}, found, list);
  let asked = 0;
  return { node: place, ask, watch };

  async function ask() {
    const number = ++asked;
    const query = queryOf(wanted);
    history.replaceState(null, "", `#/areas${addressOf(wanted)}`);
    try {
      const first = await getPage("area-configs", query, signal);
      if (number !== asked) return;
      rows.clear();
      list.replaceChildren();
      add(first.items);
      found.textContent = first.total === null ? "" : first.total === 0 ? "No area is like that." : counted(first.total, "area");
      place.replaceChildren(found, list, more("area-configs", first.next, add, signal, "Show more areas"));
    } catch (error) {
      if (signal.aborted || error.status === 401) throw error;
      if (number === asked) place.replaceChildren(failure(error, ask));
    }
  }

  function add(areas) {
    for (const area of areas.filter(({ id }) => !rows.has(id))) {
      rows.set(area.id, areaRow(area));
      list.append(rows.get(area.id).node);
    }
  }

  // One question for all that run, however many rows there are.
  async function watch() {
    let isLost = false;
    await poll(async () => {
      const running = [...rows.values()].filter((row) => row.isRunning()).map((row) => row.id).slice(0, PAGE);
      if (running.length === 0 || document.hidden) return false;
      try {
        const { items } = await getPage("area-configs", `ids=${running}&limit=${PAGE}&total=false`, signal);
        const ended = items.filter((area) => area.lastSession?.status !== "IN_PROGRESS");
        for (const area of items) rows.get(area.id)?.show(area);
        if (ended.length === 1) tell(`${ended[0].name}: ${standing(ended[0].lastSession)[0].toLowerCase()}.`);
        else if (ended.length > 1) tell(`${counted(ended.length, "area")} were looked at.`);
        if (ended.length > 0) showCounts(await get("area-configs/attention", signal));
        isLost = false;
      } catch (error) {
        if (signal.aborted || error.status === 401) return true;
        if (!isLost) tell("No answer from the server. The progress shown may be out of date; trying again.");
        isLost = true;
      }
      return false;
    }, signal);
  }
}

function queryOf({ search, attention, order }) {
  const said = Object.entries({ search, attention, order }).filter(([, value]) => value);
  return new URLSearchParams([...said, ["limit", PAGE]]).toString();
}

function addressOf({ search, attention, order }) {
  const said = Object.entries({ search, attention, order: order === "attention" ? "" : order }).filter(([, value]) => value);
  return said.length === 0 ? "" : `?${new URLSearchParams(said)}`;
}
