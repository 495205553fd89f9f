// What forms do better with a script: counters, shown passwords, their strength, pickers, one click only.
for (const area of document.querySelectorAll("[data-count]")) {
  const counter = document.getElementById(`count-${area.name}`);
  const limit = Number(area.dataset.count);
  const tell = () => {
    const used = [...area.value].length;
    counter.textContent = counter.dataset.template.replace("{used}", used).replace("{limit}", limit);
    counter.dataset.over = String(used > limit);
  };
  if (counter) {
    area.addEventListener("input", tell);
    tell();
  }
}

for (const box of document.querySelectorAll("[data-password]")) {
  const input = box.querySelector("input");
  const button = box.querySelector("[data-password-toggle]");
  button.addEventListener("click", () => {
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
    input.focus();
  });
  input.form?.addEventListener("submit", () => (input.type = "password"));
  if (input.dataset.strength) watchStrength(input);
}

function watchStrength(input) {
  const target = document.getElementById(input.dataset.strengthInto);
  let timer = 0;
  let asked = null;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    if (!input.value) {
      target.replaceChildren();
      return;
    }
    timer = setTimeout(async () => {
      asked = new AbortController();
      const body = new URLSearchParams(new FormData(input.form));
      body.set("password", input.value);
      try {
        const answer = await fetch(input.dataset.strength, { method: "POST", body, signal: asked.signal, headers: { Accept: "text/html" } });
        if (!answer.ok) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        target.replaceChildren(...page.body.childNodes);
      } catch {
        // The next key asks again.
      }
    }, 250);
  });
}

const plain = (text) => text.toLocaleLowerCase().replaceAll("ё", "е");

for (const picker of document.querySelectorAll("[data-picker]")) {
  const search = picker.querySelector("[data-picker-search]");
  const chosen = picker.querySelector("[data-picker-chosen]");
  const none = picker.querySelector("[data-picker-none]");
  const rows = [...picker.querySelectorAll("label.check")].map((row) => ({
    row,
    input: row.querySelector("input"),
    words: plain(`${row.textContent} ${row.dataset.words ?? ""}`),
  }));
  const limit = Number(picker.dataset.limit || 0);
  const filter = () => {
    const typed = plain(search.value.trim());
    let shown = 0;
    for (const { row, words } of rows) {
      row.hidden = typed !== "" && !words.includes(typed);
      if (!row.hidden) shown += 1;
    }
    none.hidden = shown > 0;
  };
  const show = () => {
    const picked = rows.filter(({ input }) => input.checked);
    chosen.replaceChildren(
      ...picked.map(({ row, input }) => {
        const name = row.textContent.trim();
        const button = document.createElement("button");
        button.type = "button";
        button.className = "chip chip-on";
        button.textContent = `${name} ×`;
        button.setAttribute("aria-label", picker.dataset.remove.replace("{name}", name));
        button.addEventListener("click", () => {
          input.checked = false;
          show();
          search.focus();
        });
        return button;
      }),
    );
    if (limit) for (const { input } of rows) input.disabled = !input.checked && picked.length >= limit;
  };
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const first = rows.find(({ row, input }) => !row.hidden && !input.disabled);
    if (!first || !search.value.trim()) return;
    first.input.checked = true;
    search.value = "";
    filter();
    show();
  });
  picker.addEventListener("change", show);
  show();
}

for (const line of document.querySelectorAll(".parts")) {
  const links = [...line.querySelectorAll("a")];
  const parts = links.map((link) => document.getElementById(link.hash.slice(1)));
  const stand = (place) =>
    links.forEach((link, number) => {
      link.toggleAttribute("data-passed", number < place);
      if (number === place) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
  links.forEach((link, number) => link.toggleAttribute("data-bad", parts[number].querySelector(".field-bad") !== null));
  // The part under a line a third of the way down is the one at hand.
  const seen = new IntersectionObserver(
    (changes) => changes.filter((change) => change.isIntersecting).forEach((change) => stand(parts.indexOf(change.target))),
    { rootMargin: "-33% 0px -66% 0px" },
  );
  parts.forEach((part) => seen.observe(part));
  // A field that is reached by the keyboard may stand elsewhere than that line, and the last part may never reach it.
  parts.forEach((part, number) => part.addEventListener("focusin", () => stand(number)));
  links.forEach((link, number) => link.addEventListener("click", () => setTimeout(() => stand(number), 200)));
  stand(0);
}

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});
