// The page with the form for one more area.

import { get } from "./api.js";
import { areaForm } from "./area_form.js";
import { el, head, tell } from "./dom.js";

/** Make the page with the form for one more area. */
export async function newAreaPage(signal) {
  const providers = await get("providers", signal).catch((error) => {
    if (signal.aborted || error.status === 401) throw error;
    return []; // the form works without: the default provider takes it
  });
  const title = head("Add an area", "Say where the land lies and how far it reaches from there, in kilometres, or give its shape.");
  const added = (area) => {
    tell(`“${area.name}” is watched from now on.`);
    location.hash = "#/areas";
  };
  return el("div", {}, title, areaForm(providers, added, signal));
}
