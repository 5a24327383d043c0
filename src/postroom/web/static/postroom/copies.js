// The strips under messages: only what changed is asked for and put in place; what is open stays open.
(() => {
  const { $, $$ } = window.postroom;
  const MOST = 300;                      // messages that are asked about at a time
  // Somebody changes its words: until htmx has settled its class does not say so, what it holds does.
  const written = message => $('.note-form', message);
  document.addEventListener('htmx:configRequest', e => {
    if (e.target.id !== 'states') return;
    e.detail.parameters.m = $$('#thread [data-id]').filter(message => !written(message)).slice(0, MOST).map(message =>
      `${message.dataset.id}.${$('.below', message)?.dataset.mark || '0'}.${message.dataset.standing}`);
  });

  document.addEventListener('htmx:oobBeforeSwap', e => {
    const old = e.detail.target, message = old.closest('.msg')?.id;
    if (written(old)) { e.detail.shouldSwap = false; return; }  // it was asked for before somebody began
    const open = $$('details[open]', old).map(one => one.id);
    const loaded = new Map($$('.later', old).filter(one => !$(':scope > [data-later]', one)).map(one => [one.id, one.innerHTML]));
    const focus = old.contains(document.activeElement) ? document.activeElement.id || $('details', document.activeElement.parentElement)?.id || '?' : '';
    const summary = document.activeElement.closest?.('summary')?.parentElement.id;
    queueMicrotask(() => {               // before anything is painted
      for (const id of open) {
        const one = document.getElementById(id), more = one && $(':scope > .later', one);
        if (!one || one.open) continue;
        if (more && loaded.has(more.id)) more.innerHTML = loaded.get(more.id);
        one.open = true;                 // which asks for its content anew
      }
      if (!focus) return;
      if (message && !document.getElementById(message)) return void $('#talk')?.focus();   // it was taken back
      const again = summary ? $(`#${summary} > summary`) : document.getElementById(focus);
      (again || document.getElementById(message))?.focus({ preventScroll: true });
    });
  });
})();
