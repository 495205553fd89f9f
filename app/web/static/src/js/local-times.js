// Writes the exact time of every moment on the page in the reader's own time zone.
import { find, getAll, language } from "./dom.js";
import { momentWithZone, parseMoment } from "./times.js";

export function startLocalTimes() {
  const describe = momentWithZone(language());
  for (const time of getAll(document, "time[title]", HTMLTimeElement)) {
    const moment = parseMoment(time.dateTime);
    if (!moment) continue;
    time.title = describe(moment);
    const spoken = find(time, ".sr");
    if (spoken) spoken.textContent = ` (${time.title})`;
  }
}
