// A conversation that is open fetches what comes: every few seconds while it is looked at, seldom while it is not.
const talk = document.querySelector("ol[data-talk][data-live]");
const hours = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const LOOKED_AT_MS = 5000;
const LEFT_MS = 30000;

function ownClock(scope) {
  for (const time of scope.querySelectorAll("time[data-clock]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.textContent = hours.format(at);
  }
}

if (talk) {
  const reading = document.getElementById("talk-read");
  const title = document.title;
  let unseen = 0;
  let timer = 0;

  const sayRead = () => {
    reading.elements.number.value = talk.dataset.last;
    fetch(reading.action, { method: "POST", body: new URLSearchParams(new FormData(reading)), redirect: "manual", keepalive: true }).catch(() => {});
  };
  const markRead = (number) => {
    for (const line of talk.querySelectorAll("[data-mine]")) {
      line.querySelector(".talk-read").hidden = Number(line.dataset.number) > number;
    }
  };
  const add = (news) => {
    const days = new Set([...talk.querySelectorAll("[data-day]")].map((item) => item.dataset.day));
    let came = 0;
    for (const item of [...news.children]) {
      if (item.dataset.day && days.has(item.dataset.day)) continue;
      if (item.id && document.getElementById(item.id)) continue;
      if (item.dataset.number && !("mine" in item.dataset)) came += 1;
      talk.append(item);
    }
    ownClock(talk);
    return came;
  };
  const look = async () => {
    try {
      const answer = await fetch(`${talk.dataset.talk}/after/${talk.dataset.last}`, { redirect: "error" });
      if (!answer.ok) return;
      const news = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ol");
      if (!news) return;
      const atEnd = innerHeight + scrollY > document.documentElement.scrollHeight - 400;
      const came = add(news);
      talk.dataset.last = news.dataset.last;
      markRead(Number(news.dataset.read));
      if (came === 0) return;
      if (document.visibilityState === "visible") sayRead();
      else document.title = `(${(unseen += came)}) ${title}`;
      if (atEnd) talk.lastElementChild.scrollIntoView({ block: "nearest" });
    } catch {
      // No connection: the next look tries again.
    } finally {
      wait();
    }
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(look, document.visibilityState === "visible" ? LOOKED_AT_MS : LEFT_MS);
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    if (unseen) sayRead();
    unseen = 0;
    document.title = title;
    clearTimeout(timer);
    look();
  });
  wait();
}
ownClock(document);

for (const form of document.querySelectorAll("[data-talk-form]")) {
  form.elements.text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}
