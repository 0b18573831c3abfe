"use strict";
(() => {
  const root = document.documentElement, box = document.getElementById("search"), told = document.getElementById("found");
  const store = { get: () => { try { return localStorage.getItem("codemill-theme"); } catch { return null; } },
                  set: (value) => { try { localStorage.setItem("codemill-theme", value); } catch { /* kept for this visit */ } } };
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  if (store.get()) root.dataset.theme = store.get();
  document.getElementById("theme").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    store.set(root.dataset.theme);
  });

  // What can be found: rows of tables, and cards. A card that matches shows all of itself.
  const places = [...document.querySelectorAll("main tbody tr:not(.diff tr), main .find")];
  const words = new Map(places.map((place) => [place, place.textContent.toLowerCase()]));
  const sections = [...document.querySelectorAll("main section")];
  const opened = new Set();
  const search = () => {
    const wanted = box.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    const shown = new Set();
    for (const [place, text] of words) {
      const hit = wanted.every((word) => text.includes(word));
      if (hit && wanted.length) {
        count += place.closest(".find") === place || !place.closest(".find") ? 1 : 0;
        for (let up = place; up && up.tagName !== "MAIN"; up = up.parentElement) {
          shown.add(up);
          if (up.tagName === "DETAILS" && !up.open) { up.open = true; opened.add(up); }
        }
      }
    }
    const inside = (place) => place.parentElement.closest(".find") && shown.has(place.parentElement.closest(".find"));
    for (const place of places) place.classList.toggle("hidden", wanted.length > 0 && !shown.has(place) && !inside(place));
    for (const section of sections) section.classList.toggle("hidden", wanted.length > 0 && !shown.has(section));
    if (!wanted.length) { for (const one of opened) one.open = false; opened.clear(); }
    told.value = wanted.length ? `${count.toLocaleString("en")} found` : "";
  };
  let waiting;
  box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 80); });
  box.form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing) { event.preventDefault(); box.focus(); box.select(); }
    if (event.key === "Escape" && document.activeElement === box) { box.value = ""; search(); box.blur(); }
    if (event.key === "t" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) document.getElementById("theme").click();
  });
})();
