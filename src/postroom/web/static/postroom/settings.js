// Settings: the port follows the encryption, a login shows its fields, test steps appear as they come, signatures too.
(() => {
  if (!window.postroom) return;
  const { say, $, $$ } = window.postroom;

  const encryption = $('#encryption'), port = $('#port');
  encryption?.addEventListener('change', () => {
    const usual = [...encryption.options].map(one => one.dataset.port);
    if (!port.value || usual.includes(port.value)) port.value = encryption.selectedOptions[0].dataset.port;
  });

  const authentication = $('#authentication');
  const login = () => $$('.login').forEach(one => { one.hidden = authentication.value === 'none'; });
  authentication?.addEventListener('change', login);
  if (authentication) login();

  // The answer of a test grows while the server is being tried: show what has come.
  document.addEventListener('htmx:beforeSend', e => {
    if (!('steps' in e.detail.elt.dataset)) return;
    const target = e.detail.target, xhr = e.detail.xhr;
    target.setAttribute('aria-busy', 'true');
    xhr.addEventListener('progress', () => { if (xhr.status === 200) target.innerHTML = xhr.responseText; });
    xhr.addEventListener('loadend', () => target.removeAttribute('aria-busy'));
  });
  document.addEventListener('htmx:afterSwap', e => {
    if (e.detail.target?.id !== 'test') return;
    e.detail.target.scrollIntoView({ block: 'nearest' });
    say($('#test .verdict h2')?.textContent);
  });

  // A signature is shown as it will stand under a message.
  const signature = $('#signature'), preview = $('#signature-preview');
  if (preview) signature.addEventListener('input', () => {
    preview.textContent = signature.value;
    preview.parentElement.hidden = !signature.value.trim();
  });
})();
