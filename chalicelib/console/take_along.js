// What of an area can be taken along: its places as a file, and all of it as one archive.

import { get, getFile, linked, post, remove } from "./api.js";
import { button, cell, el, poll, tell } from "./dom.js";
import { counted, megabytes, moment } from "./format.js";

const FORMS = [
  ["geojson", "GeoJSON", "application/geo+json"],
  ["csv", "CSV", "text/csv"],
  ["gpkg", "GeoPackage", "application/octet-stream"],
];
const IMAGES = { used: "the pictures that are used", all: "all pictures that are kept", none: "no pictures" };
const AT_WORK = ["WAITING", "WRITING"];

/** Make the part of an area's page from which it is taken along. */
export function takeAlong(area, signal) {
  const path = `area-configs/${area.id}/exports`;
  const rows = el("tbody");
  const listed = el("div", { class: "flush" });
  const which = el("select", { name: "images", class: "take-along-which", "aria-label": "Which pictures" }, Object.entries(IMAGES).map(([value, text]) => el("option", { value }, `with ${text}`)));
  const write = button("Write the archive", begin);
  refresh().then(follow).catch(ignored);
  return el(
    "section",
    { class: "card area-part", "aria-label": "Take it along" },
    el("h2", {}, "Take it along"),
    el("p", {}, "Its places, for maps and tables:"),
    el("div", { class: "actions" }, FORMS.map(([form, label, type]) => button(label, () => save(form, type)))),
    el("p", {}, "What is known of it, as one archive: settings, sessions and their tiles, comparisons, alerts, places, holds, pushes, and pictures with their digests."),
    el("div", { class: "actions" }, which, write),
    listed,
  );

  async function save(form, type) {
    try {
      const { content, name } = await getFile(`places/export?areaConfigId=${area.id}&format=${form}`, type);
      const url = URL.createObjectURL(content);
      el("a", { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      tell(error.message);
    }
  }

  async function begin() {
    try {
      await post(path, { images: which.value });
      await refresh();
      await follow();
    } catch (error) {
      ignored(error);
    }
  }

  async function refresh() {
    const exports = await get(path, signal);
    const isAtWork = exports.some(({ state }) => AT_WORK.includes(state));
    write.disabled = isAtWork;
    rows.replaceChildren(...exports.map(row));
    const titles = ["Archive", "Asked for", "How it stands", ""].map((text) => el("th", { scope: "col" }, text));
    listed.replaceChildren(...(exports.length === 0 ? [] : [el("table", { class: "list" }, el("thead", {}, el("tr", {}, titles)), rows)]));
    return isAtWork;
  }

  async function follow() {
    if (write.disabled) await poll(async () => !(await refresh()), signal);
  }

  function row(one) {
    const forget = async () => {
      try {
        await remove(`${path}/${one.id}`);
        await refresh();
      } catch (error) {
        tell(error.message);
      }
    };
    return el(
      "tr",
      {},
      cell("Archive", `With ${IMAGES[one.images]}`),
      cell("Asked for", moment(one.createdAt)),
      cell("How it stands", ...standing(one)),
      cell("", button("Delete", forget, { class: "mini", "aria-label": `Delete archive ${one.id}` })),
    );
  }

  function ignored(error) {
    if (!signal.aborted) tell(error.message);
  }
}

function standing(one) {
  if (one.state === "FAILED") return [el("span", { class: "bad" }, one.problem)];
  if (one.state !== "READY") return ["being written…"];
  return [
    el("a", { href: linked(one.url), download: "" }, "Load it"),
    `: ${megabytes(one.sizeBytes)}, ${counted(one.files, "file")}, until `,
    moment(one.expiresAt),
    el("p", { class: "small digest" }, `SHA-256 ${one.sha256}`),
  ];
}
