// The palette: anything that was written, anybody, any page, from wherever one is.
(() => {
  const { say, $, $$, keys } = window.postroom;
  const PAUSE = 120;                     // milliseconds without a key before the server is asked
  const dialog = $('#palette'), field = $('#palette-q'), list = $('#palette-list');
  if (!dialog) return;
  let timer = 0, asked = null, at = -1, shown = '', moved = false;

  const options = () => $$('[role=option]', list);
  const mark = to => {
    const all = options();
    if (!all.length) return;
    at = (to + all.length) % all.length;
    all.forEach((one, place) => one.setAttribute('aria-selected', String(place === at)));
    field.setAttribute('aria-activedescendant', all[at].id);
    all[at].scrollIntoView({ block: 'nearest' });
  };
  const clear = () => {
    clearTimeout(timer); asked?.abort();
    list.replaceChildren(); at = -1; shown = '';
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const ask = async then => {
    const words = field.value;
    asked?.abort(); asked = new AbortController();
    try {
      const answer = await fetch(`${dialog.dataset.url}?q=${encodeURIComponent(words)}`, { signal: asked.signal });
      if (!answer.ok || answer.redirected) { location.reload(); return; }
      const found = await answer.text(), chosen = moved ? options()[at]?.dataset.url : '';
      list.innerHTML = found;
      shown = words;
      field.setAttribute('aria-expanded', 'true');
      mark(Math.max(0, options().findIndex(one => one.dataset.url === chosen)));   // who has moved stays where they are
      say(dialog.dataset.count.replace('%n', options().length - 1));
      then?.();
    } catch (error) { if (error.name !== 'AbortError') clear(); }
  };
  const open = () => {
    if (dialog.open || $('dialog[open]')) return;
    dialog.showModal();
    field.select();
  };
  const go = () => {
    const url = options()[at]?.dataset.url;
    if (!url) return;
    dialog.close();
    location.assign(url);
  };

  field.addEventListener('input', () => {
    clearTimeout(timer); moved = false;
    if (!field.value.trim()) { clear(); return; }
    timer = setTimeout(ask, PAUSE);
  });
  field.addEventListener('keydown', e => {
    if (e.isComposing || e.altKey) return;
    if (e.key === 'ArrowDown') { moved = true; mark(at + 1); }
    else if (e.key === 'ArrowUp') { moved = true; mark(at - 1); }
    else if (e.key === 'Enter' && field.value.trim()) {
      clearTimeout(timer);
      if (shown === field.value) go(); else ask(go);
    } else if (e.key === 'Escape') { dialog.close(); return; }
    else return;
    e.preventDefault();
  });
  list.addEventListener('mousedown', e => e.preventDefault());   // the field keeps the focus
  list.addEventListener('click', e => {
    const one = e.target.closest('[role=option]');
    if (!one) return;
    at = options().indexOf(one);
    go();
  });
  dialog.addEventListener('click', e => { if (e.target === dialog) dialog.close(); });

  document.addEventListener('click', e => {
    if (!e.target.closest?.('[data-palette]') || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    open();
  });
  addEventListener('keydown', e => {
    if ((e.ctrlKey || e.metaKey) && !e.shiftKey && !e.altKey && e.key.toLowerCase() === 'k') { e.preventDefault(); open(); }
  });
  keys['/'] = () => { const filter = $('input[data-filter]'); if (filter) { filter.focus(); filter.select(); } else open(); };
})();
