// What has not left yet: its seconds run down where they stand, Z undoes, and the menu of times to send at.
(() => {
  if (!window.postroom) return;
  const { say, $, $$, keys } = window.postroom;

  // Each number runs down from what the server said, by this page's own clock.
  const ends = new WeakMap();
  const over = element => {
    const toast = element.closest('#sent'), bar = element.closest('[data-leaves]');
    if (toast) toast.hidden = true;
    if (bar) bar.hidden = true;
  };
  const tick = () => {
    const running = $$('[data-left]');
    for (const element of running) {
      if (!ends.has(element)) ends.set(element, performance.now() + 1000 * Number(element.dataset.left));
      const left = (ends.get(element) - performance.now()) / 1000;
      if (left <= 0) { over(element); element.removeAttribute('data-left'); continue; }
      const words = element.dataset.words.replace('%n', Math.ceil(left));
      if (element.textContent !== words) element.textContent = words;
    }
    timer = running.length ? setTimeout(tick, 200) : 0;
  };
  let timer = 0;
  const start = () => { if (!timer) tick(); };
  document.addEventListener('htmx:load', start);
  start();

  // Z undoes what was sent, as long as the button is there; else it does what it did before.
  const other = keys.z;
  const button = () => { const one = $('[data-undo-sent]'); return one?.checkVisibility?.() ? one : null; };
  keys.z = () => { const one = button(); if (one) one.click(); else other?.(); };
  document.addEventListener('click', e => { if (e.target.closest('[data-hide-sent]')) $('#sent').hidden = true; });
  for (const name of ['undone', 'discarded']) document.addEventListener(name, e => say(e.detail.said));

  // Times to send at: one click elsewhere or Escape shuts them; Enter in the field chooses it.
  const menu = () => $('.later-menu[open]');
  document.addEventListener('click', e => { const open = menu(); if (open && !open.contains(e.target)) open.open = false; });
  document.addEventListener('keydown', e => {
    const open = menu();
    if (!open || !open.contains(e.target)) return;
    if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); open.open = false; $('summary', open).focus(); }
    if (e.key === 'Enter' && e.target.id === 'later-at') { e.preventDefault(); $('#later-send').click(); }
  }, true);
})();
