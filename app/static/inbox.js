/* The count of unread letters, asked anew every minute while somebody looks at the page. */
"use strict";

(() => {
  const link = document.querySelector("[data-inbox-count]");
  if (!link) return;
  const count = link.querySelector("[data-count]");
  const spoken = document.getElementById("inbox-news");
  const { inboxCount: address, words, most } = link.dataset;
  let timer = 0;

  function show(unread) {
    const text = unread >= Number(most) ? `${most}+` : String(unread);
    if (count.textContent === text) return;
    const more = unread > Number.parseInt(count.textContent, 10);
    count.textContent = text;
    count.hidden = unread === 0;
    if (more) spoken.textContent = words.replace("NUMBER", text);
  }

  async function ask() {
    let answer = null;
    try {
      answer = await fetch(address, { headers: { Accept: "application/json" } });
    } catch { return; }
    if (answer.status === 401 || answer.redirected) return clearInterval(timer);
    if (answer.ok) show((await answer.json()).unread);
  }

  const visible = () => document.visibilityState === "visible";
  timer = setInterval(() => { if (visible()) ask(); }, 60000);
  document.addEventListener("visibilitychange", () => { if (visible()) ask(); });
})();
