// Text fields that suggest while one types: an editable combobox with a list, as the pattern of that name has it.
// Without a script each is the plain field.
const spoken = document.documentElement.lang;
const folded = (text) => text.trim().toLocaleLowerCase().replaceAll("ё", "е");

// `typed` says what to ask the address for, `offer` makes options of the answer, `take` does what one of them is for.
function combobox(box, address, { typed, offer, take }) {
  const input = box.querySelector("input");
  const list = box.querySelector("[role=listbox]");
  const status = box.querySelector("[role=status]");
  const known = new Map();
  let options = [];
  let active = -1;
  let timer = 0;
  let asked = null;

  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const point = (index) => {
    active = index;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options[index].id);
      options[index].scrollIntoView({ block: "nearest" });
    }
  };
  const choose = (option) => {
    take(option);
    close();
    status.textContent = box.dataset.taken.replace("{name}", option.name);
  };
  const show = (found) => {
    options = found.map((option, index) => {
      const row = document.createElement("li");
      row.id = `${input.id}-option-${index}`;
      row.role = "option";
      row.textContent = option.name;
      if (option.note) {
        const note = document.createElement("small");
        note.textContent = option.note;
        row.append(" ", note);
      }
      row.setAttribute("aria-selected", "false");
      row.addEventListener("pointerdown", (event) => event.preventDefault());
      row.addEventListener("click", () => choose(option));
      row.chosen = () => choose(option);
      return row;
    });
    list.replaceChildren(...options);
    list.hidden = options.length === 0;
    input.setAttribute("aria-expanded", String(options.length > 0));
    status.textContent = options.length ? box.dataset.found.replace("{count}", options.length) : box.dataset.none;
    point(-1);
  };
  const ask = async () => {
    const text = typed();
    if (!text || text.length > 60) return close();
    if (!known.has(text)) {
      asked = new AbortController();
      try {
        const answer = await fetch(`${address}?${new URLSearchParams({ q: text })}`, { signal: asked.signal });
        if (!answer.ok) return close();
        known.set(text, (await answer.json()).items);
      } catch {
        return close(); // The next key asks again; what was typed stays.
      }
      if (document.activeElement !== input || typed() !== text) return;
    }
    show(offer(known.get(text)));
  };

  input.role = "combobox";
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    asked?.abort();
    if (event.isTrusted) timer = setTimeout(ask, 150);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = !list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!open) ask();
      else point(((active + 1 + step + options.length + 1) % (options.length + 1)) - 1);
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      options[active].chosen();
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
}

// A field of words with commas between: the word that is being typed becomes the one that is taken.
for (const box of document.querySelectorAll("[data-suggest]")) {
  const input = box.querySelector("input");
  const before = () => input.value.split(",").slice(0, -1).map((part) => part.trim()).filter(Boolean);
  combobox(box, box.dataset.suggest, {
    typed: () => input.value.split(",").at(-1).trim(),
    offer(items) {
      const taken = new Set(before().map(folded));
      const options = items.map((item) => ({ name: item[`name_${spoken}`] ?? item.name }));
      return options.filter((option) => !taken.has(folded(option.name)));
    },
    take(option) {
      input.value = `${[...before(), option.name].join(", ")}, `;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });
}

// The search at the head of the page: a skill or a field of work leads to its orders; Enter alone searches the words.
for (const box of document.querySelectorAll("[data-places]")) {
  const input = box.querySelector("input");
  combobox(box, box.dataset.places, {
    typed: () => input.value.trim(),
    offer: (items) => items.map((item) => ({ ...item, note: item.within })),
    take: (option) => location.assign(`${box.action}?${new URLSearchParams({ [option.filter]: option.slug })}`),
  });
}
