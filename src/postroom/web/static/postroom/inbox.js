// The inbox: how many wait, in the title too; acts by key, their dialog and what undoes them; the open line in sight.
(() => {
  if (!window.postroom) return;
  const { $, $$, keys } = window.postroom;
  const PASSING = 12000;                 // milliseconds for which what was done stands there, longer under pointer or focus
  const count = () => {
    const number = Number($('#unread')?.dataset.count || 0), words = document.title.replace(/^\(\d+\) /, '');
    document.title = number ? `(${number}) ${words}` : words;
  };
  document.addEventListener('htmx:afterSettle', e => { if (e.target.id === 'unread') count(); });
  if (!$('#conversations')) return;
  $('.th [aria-current]')?.closest('.th').scrollIntoView({ block: 'nearest' });

  // Acts are those of the line that has the focus, else of the conversation that is open.
  const line = () => document.activeElement.closest?.('.th');
  const onward = row => {
    const next = row.nextElementSibling || row.previousElementSibling;
    ($('a', next || undefined) || $('#conversations')).focus();
  };
  const act = (name, { leaves = false } = {}) => {
    const row = line(), button = row ? $(`[data-${name}]`, row) : $(`.conv .head [data-${name}]`);
    if (!button) return;
    if (row && leaves) onward(row);
    button.click();
  };
  const seen = () => {
    if (line()) return act('unread');
    $('[data-undone]')?.click();
  };
  Object.assign(keys, { e: () => act('done', { leaves: true }), s: () => act('star'), u: seen, z: () => act($('[data-snooze]', line() || $('.conv .head') || undefined) ? 'snooze' : 'wake') });

  // One dialog for all: who opens it says which conversation sleeps.
  const dialog = $('#snooze');
  let opener = null;
  document.addEventListener('click', e => {
    const button = e.target.closest('[data-snooze]');
    if (button) {
      e.preventDefault();                // its address is for those without script
      opener = button.closest('.th');
      $$('[data-until]', dialog).forEach(one => one.setAttribute('formaction', button.dataset.snooze));
      $('#snooze-problem').replaceChildren();
      dialog.showModal();
    }
    if (e.target.closest('[data-act=unsnooze]')) dialog.close();
    if (e.target.closest('[data-act=pass]')) $('#did').hidden = true;
  });
  const asksToSleep = e => dialog.contains(e.detail.requestConfig?.elt || e.detail.elt);
  document.addEventListener('htmx:beforeSwap', e => {
    if (asksToSleep(e) && e.detail.xhr.status === 422) Object.assign(e.detail, { shouldSwap: true, isError: false });
  });
  document.addEventListener('htmx:afterRequest', e => {
    if (!asksToSleep(e)) return;
    if (e.detail.xhr.status === 422) return void $('#snooze-at').focus();
    if (e.detail.successful) dialog.close();
  });

  // What was done passes by itself, unless somebody is about to undo it.
  let timer = 0;
  const pass = () => {
    const did = $('#did');
    if (did.hidden || !did.firstElementChild) return;
    if (did.matches(':hover, :focus-within')) return void (timer = setTimeout(pass, PASSING / 4));
    did.hidden = true;
  };
  document.addEventListener('htmx:oobAfterSwap', e => {
    if (e.detail.target?.id !== 'did') return;
    clearTimeout(timer);
    timer = setTimeout(pass, PASSING);
  });
})();
// A new message leaves by Ctrl and Enter, as in the composer.
(() => {
  const form = document.querySelector('.new-message');
  form?.addEventListener('keydown', e => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) form.requestSubmit();
  });
  // The people offered are those of the company of the desk.
  form?.addEventListener('change', e => {
    if (!e.target.matches('[data-people-of]')) return;
    form.querySelectorAll('[data-people][data-suggest]').forEach(field => { field.dataset.people = field.dataset.people.replace(/\d+$/, e.target.value); });
  });
})();
