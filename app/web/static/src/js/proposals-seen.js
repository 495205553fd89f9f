// Tells the server which proposals were on the screen; reading the page changes nothing by itself.
import { getAll, post } from "./dom.js";

export function startProposalsSeen() {
  for (const form of getAll(document, "form[data-seen]", HTMLFormElement)) {
    const send = () => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", send);
      // What fails is sent again with the next visit.
      post(form, { keepalive: true }).catch(() => {});
    };
    document.addEventListener("visibilitychange", send);
    send();
  }
}
