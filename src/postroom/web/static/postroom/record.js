// The record page: menus of messages, notes being edited, answers by key, the records beside this one.
(() => {
  const { $, $$, keys } = window.postroom;
  if (!$('#thread')) return;

  // Menus: one at a time; a key or a click elsewhere shuts them, arrows go through them.
  const shut = (menu, back) => { menu.open = false; if (back) $('summary', menu).focus(); };
  const opened = () => $('.msg-menu[open]');
  document.addEventListener('click', e => {
    const menu = opened();
    if (!menu) return;
    if (!menu.contains(e.target)) return shut(menu);
    if (e.target.closest('.msg-menu li a, .msg-menu li button')) setTimeout(() => shut(menu));
  });
  document.addEventListener('focusin', e => { const menu = opened(); if (menu && !menu.contains(e.target)) shut(menu); });
  document.addEventListener('keydown', e => {
    const menu = opened();
    if (!menu || !menu.contains(e.target)) return;
    if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); return shut(menu, true); }
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!by) return;
    e.preventDefault();
    const items = $$('a, button', menu).filter(item => item.checkVisibility?.() ?? true);
    items[(items.indexOf(document.activeElement) + by + items.length) % items.length]?.focus();
  }, true);

  // A note that is edited: its field has the focus, Ctrl or Cmd and Enter keep it, Escape leaves it.
  document.addEventListener('htmx:afterSettle', e => {
    const text = e.detail.elt?.matches?.('.msg.editing') ? $('textarea', e.detail.elt) : null;
    if (text) { text.focus(); text.setSelectionRange(text.value.length, text.value.length); return; }
    if (/\/messages\/\d+(\/edit)?$/.test(e.detail.requestConfig?.path || '') && e.detail.elt?.matches?.('.msg')) e.detail.elt.focus({ preventScroll: true });
  });
  document.addEventListener('htmx:beforeSwap', e => {
    if (e.detail.requestConfig?.elt.matches?.('.note-form') && e.detail.xhr.status === 422) Object.assign(e.detail, { shouldSwap: true, isError: false });
  });
  document.addEventListener('keydown', e => {
    const form = e.target.closest?.('.note-form');
    if (!form) return;
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); form.requestSubmit(); }
    if (e.key === 'Escape') { e.preventDefault(); e.stopPropagation(); $('[data-leave]', form)?.click(); }
  }, true);

  // Keys: R answers everybody, f passes on what has the focus (or the newest); [ and ] go to the records beside.
  const answer = how => {
    const message = document.activeElement.closest?.('.msg[data-id]') || $('#thread .msg[data-id]');
    const link = message && $(`[data-answer=${how}]`, message);
    if (link) htmx.trigger(link, 'click');
    return Boolean(link);
  };
  window.postroom.answer = answer;
  const go = rel => { const link = $(`.beside [rel=${rel}]`); if (link) link.click(); };
  Object.assign(keys, { R: () => answer('all'), f: () => answer('forward'), '[': () => go('prev'), ']': () => go('next') });

  // A link to a message that the page does not have leads to the page around it.
  const seek = () => {
    const id = /^#m(\d+)$/.exec(location.hash)?.[1], asked = new URLSearchParams(location.search);
    if (!id || $(`#m${id}`) || asked.get('at') === id) return;
    asked.delete('before');
    asked.set('at', id);
    location.replace(`${location.pathname}?${asked}${location.hash}`);
  };
  addEventListener('hashchange', seek);
  seek();

  // News of the record: changes after the newest one that the page has.
  document.addEventListener('htmx:configRequest', e => {
    if (e.target.id === 'thread') e.detail.parameters.changed = String(Math.max(0, ...$$('#thread [data-change]').map(one => Number(one.dataset.change))));
  });
})();
